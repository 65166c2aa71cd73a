package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

// served gives the URI of a stand-in that lives as long as the test.
func served(t *testing.T) string {
	t.Helper()
	return servedWith(t, nil)
}

func servedWith(t *testing.T, gate *gate) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, settings{data: t.TempDir(), listen: "127.0.0.1:0", gate: gate}, writer)
		writer.Close()
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func collection(t *testing.T, uri string) *mongo.Collection {
	t.Helper()
	client, err := mongo.Connect(context.Background(), options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client.Database("front").Collection("counters")
}

// atOnce calls work from count goroutines.
func atOnce(count int, work func(number int)) {
	var group sync.WaitGroup
	for number := range count {
		group.Add(1)
		go func() {
			defer group.Done()
			work(number)
		}()
	}
	group.Wait()
}

func TestNoIncrementIsLost(t *testing.T) {
	counters := collection(t, served(t))
	ctx := context.Background()
	if _, err := counters.InsertOne(ctx, bson.M{"_id": "a", "n": 0}); err != nil {
		t.Fatal(err)
	}
	atOnce(40, func(int) {
		for range 20 {
			_, err := counters.UpdateOne(ctx, bson.M{"_id": "a"}, bson.M{"$inc": bson.M{"n": 1}})
			if err != nil {
				t.Error(err)
			}
		}
	})
	var found struct{ N int }
	if err := counters.FindOne(ctx, bson.M{"_id": "a"}).Decode(&found); err != nil {
		t.Fatal(err)
	}
	if found.N != 800 {
		t.Errorf("%d of 800 increments remain", found.N)
	}
}

func TestOneOfManyComparesAndSets(t *testing.T) {
	counters := collection(t, served(t))
	ctx := context.Background()
	if _, err := counters.InsertOne(ctx, bson.M{"_id": "a", "version": 0}); err != nil {
		t.Fatal(err)
	}
	for version := range 20 {
		var winners atomic.Int32
		atOnce(40, func(number int) {
			filter := bson.M{"_id": "a", "version": version}
			update := bson.M{"$set": bson.M{"version": version + 1, "by": number}}
			switch err := counters.FindOneAndUpdate(ctx, filter, update).Err(); err {
			case nil:
				winners.Add(1)
			case mongo.ErrNoDocuments:
			default:
				t.Error(err)
			}
		})
		if won := winners.Load(); won != 1 {
			t.Fatalf("%d won at version %d", won, version)
		}
	}
}

func TestAMessageOutOfBoundsEndsItsConnectionAndNoOther(t *testing.T) {
	uri := served(t)
	counters := collection(t, uri)
	for _, length := range []uint32{0, headerBytes - 1, maxMessageBytes + 1, 1 << 31} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(uri, "mongodb://"))
		if err != nil {
			t.Fatal(err)
		}
		header := make([]byte, headerBytes)
		binary.LittleEndian.PutUint32(header, length)
		if _, err := conn.Write(header); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(header); err == nil {
			t.Errorf("a message of %d bytes was answered", length)
		}
		conn.Close()
	}
	if _, err := counters.CountDocuments(context.Background(), bson.M{}); err != nil {
		t.Fatal(err)
	}
}

func TestAClientThatLeavesHalfWayKeepsNobodyWaiting(t *testing.T) {
	uri := served(t)
	counters := collection(t, uri)
	for range 20 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(uri, "mongodb://"))
		if err != nil {
			t.Fatal(err)
		}
		header := make([]byte, headerBytes)
		binary.LittleEndian.PutUint32(header, 1000)
		if _, err := conn.Write(header); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	if _, err := counters.InsertOne(context.Background(), bson.M{"n": 1}); err != nil {
		t.Fatal(err)
	}
}
