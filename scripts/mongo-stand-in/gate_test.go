package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

// guarded gives the address of a stand-in that lets in one user.
func guarded(t *testing.T) string {
	t.Helper()
	gate, err := newGate(account{user: "alice", source: "accounts", password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(servedWith(t, gate), "mongodb://")
}

func TestTheRightPasswordIsLetIn(t *testing.T) {
	uri := "mongodb://alice:correct%20horse@" + guarded(t) + "/?authSource=accounts&authMechanism=SCRAM-SHA-256"
	counters := collection(t, uri)
	if _, err := counters.InsertOne(context.Background(), bson.M{"n": 1}); err != nil {
		t.Fatal(err)
	}
}

func TestWhoDoesNotKnowThePasswordIsRefused(t *testing.T) {
	address := guarded(t)
	for name, uri := range map[string]string{
		"another password":  "alice:x@" + address + "/?authSource=accounts&authMechanism=SCRAM-SHA-256",
		"another user":      "bob:correct%20horse@" + address + "/?authSource=accounts&authMechanism=SCRAM-SHA-256",
		"another database":  "alice:correct%20horse@" + address + "/?authSource=admin&authMechanism=SCRAM-SHA-256",
		"another mechanism": "alice:correct%20horse@" + address + "/?authSource=accounts&authMechanism=SCRAM-SHA-1",
		"in plain text":     "alice:correct%20horse@" + address + "/?authSource=accounts&authMechanism=PLAIN",
		"nothing at all":    address + "/",
	} {
		t.Run(name, func(t *testing.T) {
			options := options.Client().ApplyURI("mongodb://" + uri).SetServerSelectionTimeout(5 * time.Second)
			client, err := mongo.Connect(context.Background(), options)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Disconnect(context.Background())
			_, err = client.Database("front").Collection("counters").CountDocuments(context.Background(), bson.M{})
			if err == nil {
				t.Fatal("it was let in")
			}
			if said := strings.ToLower(err.Error()); !strings.Contains(said, "auth") {
				t.Errorf("refused for another reason: %v", err)
			}
		})
	}
}

// raw is a connection without a driver.
type raw struct {
	t    *testing.T
	conn net.Conn
}

func dialed(t *testing.T, address string) raw {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return raw{t, conn}
}

// exchange sends a message of an operation and gives its answer, or an error where the connection
// has ended.
func (r raw) exchange(operation uint32, body []byte) ([]byte, error) {
	message := make([]byte, headerBytes, headerBytes+len(body))
	binary.LittleEndian.PutUint32(message, uint32(headerBytes+len(body)))
	binary.LittleEndian.PutUint32(message[12:], operation)
	if _, err := r.conn.Write(append(message, body...)); err != nil {
		return nil, err
	}
	return readMessage(r.conn)
}

func (r raw) run(command bson.D) (bson.M, error) {
	r.t.Helper()
	answer, err := r.exchange(opMsg, append(make([]byte, 5), marshalled(r.t, command)...))
	if err != nil {
		return nil, err
	}
	var document bson.M
	return document, bson.Unmarshal(answer[headerBytes+5:], &document)
}

func marshalled(t *testing.T, document bson.D) []byte {
	t.Helper()
	body, err := bson.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func command(name string, fields ...bson.E) bson.D {
	return append(bson.D{{Key: name, Value: "counters"}, {Key: "$db", Value: "front"}}, fields...)
}

func TestAGreetingIsAnsweredBeforeThePassword(t *testing.T) {
	conn := dialed(t, guarded(t))
	for _, name := range []string{"hello", "isMaster", "ismaster", "ping"} {
		answer, err := conn.run(command(name))
		if err != nil || answer["ok"] != 1.0 {
			t.Errorf("%s: %v %v", name, answer, err)
		}
	}
}

func TestEveryOtherCommandNeedsThePassword(t *testing.T) {
	conn := dialed(t, guarded(t))
	for _, name := range []string{
		"find", "insert", "update", "delete", "findAndModify", "aggregate", "count", "drop", "dropDatabase",
		"listDatabases", "createUser", "usersInfo", "HELLO", "Ping", "", "authenticate", "logout",
	} {
		answer, err := conn.run(command(name))
		if err != nil || answer["code"] != int32(13) {
			t.Errorf("%s: %v %v", name, answer, err)
		}
	}
}

func TestHalfAConversationOpensNothing(t *testing.T) {
	conn := dialed(t, guarded(t))
	start := bson.D{
		{Key: "saslStart", Value: 1}, {Key: "mechanism", Value: mechanism},
		{Key: "payload", Value: []byte("n,,n=alice,r=abcdefgh")}, {Key: "$db", Value: "accounts"},
	}
	proceed := func(payload string) bson.D {
		return bson.D{{Key: "saslContinue", Value: 1}, {Key: "payload", Value: []byte(payload)}, {Key: "$db", Value: "accounts"}}
	}
	if answer, err := conn.run(proceed("")); err != nil || answer["code"] != int32(18) {
		t.Errorf("a conversation that was never begun: %v %v", answer, err)
	}
	weaker := append(bson.D{}, start...)
	weaker[1].Value = "SCRAM-SHA-1"
	if answer, err := conn.run(weaker); err != nil || answer["code"] != int32(334) {
		t.Errorf("a weaker mechanism: %v %v", answer, err)
	}
	if answer, err := conn.run(start); err != nil || answer["done"] != false {
		t.Fatalf("the beginning: %v %v", answer, err)
	}
	if answer, err := conn.run(command("find")); err != nil || answer["code"] != int32(13) {
		t.Errorf("after the beginning: %v %v", answer, err)
	}
	for _, payload := range []string{"", "c=biws,r=abcdefgh,p=AAAA", "n,,n=alice,r=abcdefgh"} {
		if answer, err := conn.run(proceed(payload)); err != nil || answer["code"] != int32(18) {
			t.Errorf("%q: %v %v", payload, answer, err)
		}
		if answer, err := conn.run(command("find")); err != nil || answer["code"] != int32(13) {
			t.Errorf("after %q: %v %v", payload, answer, err)
		}
		if _, err := conn.run(start); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOneConnectionDoesNotOpenAnother(t *testing.T) {
	address := guarded(t)
	uri := "mongodb://alice:correct%20horse@" + address + "/?authSource=accounts&authMechanism=SCRAM-SHA-256"
	if _, err := collection(t, uri).InsertOne(context.Background(), bson.M{"n": 1}); err != nil {
		t.Fatal(err)
	}
	if answer, err := dialed(t, address).run(command("find")); err != nil || answer["code"] != int32(13) {
		t.Errorf("%v %v", answer, err)
	}
}

func TestACommandCanNotHideBehindAGreeting(t *testing.T) {
	address := guarded(t)
	ping := marshalled(t, command("ping"))
	find := marshalled(t, command("find"))
	flags := make([]byte, 4)
	query := func(collection string, document []byte) []byte {
		return bytes.Join([][]byte{flags, []byte(collection), {0, 0, 0, 0, 0, 1, 0, 0, 0}, document}, nil)
	}
	hello := marshalled(t, command("hello"))
	for name, message := range map[string]struct {
		operation uint32
		body      []byte
	}{
		"in a second section":          {opMsg, bytes.Join([][]byte{flags, {0}, ping, {0}, find}, nil)},
		"in a sequence after it":       {opMsg, bytes.Join([][]byte{flags, {0}, ping, {1}, find}, nil)},
		"in a sequence before it":      {opMsg, bytes.Join([][]byte{flags, {1}, find, {0}, ping}, nil)},
		"in a greeting that's a list":  {opMsg, bytes.Join([][]byte{flags, {1}, ping}, nil)},
		"cut off":                      {opMsg, bytes.Join([][]byte{flags, {0}, ping[:len(ping)-1]}, nil)},
		"without a document":           {opMsg, flags},
		"in a query":                   {opQuery, query("front.$cmd", find)},
		"in a query after a greeting":  {opQuery, query("front.$cmd", append(bytes.Clone(hello), find...))},
		"in a query of a collection":   {opQuery, query("front.counters", hello)},
		"in a query without an end":    {opQuery, []byte("\x00\x00\x00\x00front.$cmd")},
		"compressed":                   {2012, bytes.Join([][]byte{{0xdd, 7, 0, 0}, flags, {0}, find}, nil)},
		"in an operation of old":       {2002, query("front.counters", find)},
		"in an operation that isn't":   {0, find},
		"in a message without content": {opQuery, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if answer, err := dialed(t, address).exchange(message.operation, message.body); err == nil {
				t.Errorf("answered: %q", answer)
			}
		})
	}
	// That these are refused for what is hidden in them.
	if _, err := dialed(t, address).exchange(opMsg, bytes.Join([][]byte{flags, {0}, ping}, nil)); err != nil {
		t.Error(err)
	}
	if _, err := dialed(t, address).exchange(opQuery, query("front.$cmd", hello)); err != nil {
		t.Error(err)
	}
}

func TestItServesStrangersOnlyByPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, refused := range [][]string{
		{"-listen", "0.0.0.0:27017"},
		{"-listen", ":27017"},
		{"-listen", "[::]:27017"},
		{"-listen", "localhost:27017"},
		{"-user", "alice"},
		{"-password-file", file},
		{"-user", "alice", "-password-file", empty},
		{"-user", "alice", "-password-file", file, "-auth-source", ""},
	} {
		if _, err := parse(refused); err == nil {
			t.Errorf("%q is accepted", refused)
		}
	}
	if with, err := parse(nil); err != nil || with.gate != nil {
		t.Errorf("on this machine, by default: %v", err)
	}
	with, err := parse([]string{"-listen", "0.0.0.0:27017", "-user", "alice", "-password-file", file})
	if err != nil || with.gate == nil {
		t.Errorf("with a password: %v", err)
	}
}
