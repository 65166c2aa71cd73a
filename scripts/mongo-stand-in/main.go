// Mongo-stand-in serves MongoDB's protocol where no MongoDB can be had, for the tests: FerretDB on
// SQLite, behind a front that makes each of its operations atomic.
//
// It prints its URI on a line of its own once it answers, and ends with SIGINT or SIGTERM. What it
// holds may be lost with the machine: it is nothing for data that anybody wants to keep.
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
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// settings are what the command line says.
type settings struct {
	data   string
	listen string
	// gate keeps out who doesn't know the password; without one everybody on this machine gets in.
	gate *gate
}

func main() {
	log.SetFlags(0)
	with, err := parse(os.Args[1:])
	if err != nil {
		log.Fatalf("mongo-stand-in: %v", err)
	}
	log.Print("mongo-stand-in: for tests only; this is no MongoDB, and what it holds may be lost")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, with, os.Stdout); err != nil {
		log.Fatalf("mongo-stand-in: %v", err)
	}
}

func parse(arguments []string) (settings, error) {
	flags := flag.NewFlagSet("mongo-stand-in", flag.ExitOnError)
	data := flags.String("data", "", "an existing folder for the databases; a temporary one without it")
	listen := flags.String("listen", "127.0.0.1:0", "the address; beyond this machine only with a password")
	user := flags.String("user", "", "who may sign in; without it everybody gets in unasked")
	source := flags.String("auth-source", "admin", "the database that the user belongs to")
	file := flags.String("password-file", "", "the file with the user's password")
	if err := flags.Parse(arguments); err != nil {
		return settings{}, err
	}
	with := settings{data: *data, listen: *listen}
	if *user == "" && *file == "" {
		if !isLoopback(*listen) {
			return settings{}, fmt.Errorf("-listen %s needs -user and -password-file", *listen)
		}
		return with, nil
	}
	password, err := os.ReadFile(*file)
	if err != nil {
		return settings{}, err
	}
	with.gate, err = newGate(account{user: *user, source: *source, password: strings.TrimSpace(string(password))})
	return with, err
}

func isLoopback(address string) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && at.Addr().IsLoopback()
}

// run serves until ctx ends.
func run(ctx context.Context, with settings, out io.Writer) error {
	data := with.data
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

	listener, err := net.Listen("tcp", with.listen)
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
	front := front{backend: uri, gate: with.gate}
	if err := front.serve(listener); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
