// Mongo-stand-in serves MongoDB's protocol where no MongoDB can be had, for the tests: FerretDB on
// SQLite, behind a front that makes each of its operations atomic.
//
// It prints its URI on a line of its own once it answers, and ends with SIGINT or SIGTERM.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	data := flag.String("data", "", "an existing folder for the databases; a temporary one without it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *data, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, data string, out io.Writer) error {
	if data == "" {
		folder, err := os.MkdirTemp("", "mongo-stand-in-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		data = folder
	}
	backend, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		// Its warnings are about commands that it lacks; a test that needs one fails by the answer.
		Logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler: "sqlite",
		// What it holds goes with the tests: nothing is synced.
		SQLiteURL: "file:" + data + "/?_pragma=synchronous(off)",
	})
	if err != nil {
		return err
	}
	served, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- backend.Run(served) }()
	defer func() {
		cancel()
		<-ended
	}()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		listener.Close()
	}()
	uri, err := addressOf(backend.MongoDBURI())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "mongodb://%s\n", listener.Addr())
	front := front{backend: uri}
	if err := front.serve(listener); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
