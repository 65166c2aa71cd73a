package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
)

const (
	// headerBytes is what every message begins with: its length, its number, the number of the
	// message that it answers, and its operation.
	headerBytes = 16
	// maxMessageBytes is MongoDB's own bound.
	maxMessageBytes = 48_000_000
	// opMsg is the operation of every command and answer since MongoDB 3.6.
	opMsg = 2013
	// opQuery is older; some drivers greet with it.
	opQuery = 2004
	// moreToCome among the flags of a message says that no answer is expected.
	moreToCome = 1 << 1
)

func readMessage(from io.Reader) ([]byte, error) {
	header := make([]byte, headerBytes)
	if _, err := io.ReadFull(from, header); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(header)
	if length < headerBytes || length > maxMessageBytes {
		return nil, fmt.Errorf("a message of %d bytes", length)
	}
	message := make([]byte, length)
	copy(message, header)
	_, err := io.ReadFull(from, message[headerBytes:])
	return message, err
}

func operationOf(message []byte) uint32 { return binary.LittleEndian.Uint32(message[12:]) }

func isQuery(message []byte) bool { return operationOf(message) == opQuery }

// expectsNoAnswer tells a message after which waiting for the backend would never end. Drivers send
// one for unacknowledged writes, which nothing here uses.
func expectsNoAnswer(message []byte) bool {
	return operationOf(message) == opMsg && len(message) >= headerBytes+4 &&
		binary.LittleEndian.Uint32(message[headerBytes:])&moreToCome != 0
}

// commandOf gives the command of a message that is one document and nothing else, so that no reader
// can find another command in it.
func commandOf(message []byte) (bson.Raw, error) {
	// Flags, and the kind of the only section.
	const before = headerBytes + 4 + 1
	if operationOf(message) != opMsg || len(message) <= before || message[before-1] != 0 {
		return nil, errors.New("not a message of one document")
	}
	return documentIn(message[before:])
}

// checkGreeting refuses a query that is anything but a greeting.
func checkGreeting(message []byte) error {
	// Flags; then the name of a collection and how much to skip and to return.
	rest := message[headerBytes:]
	if len(rest) < 4 {
		return errors.New("a query without a collection")
	}
	collection, rest, found := bytes.Cut(rest[4:], []byte{0})
	if !found || len(rest) < 8 || !bytes.HasSuffix(collection, []byte(".$cmd")) {
		return errors.New("a query that is no command")
	}
	command, err := documentIn(rest[8:])
	if err != nil {
		return err
	}
	if name := nameOf(command); name != "hello" && strings.ToLower(name) != "ismaster" {
		return fmt.Errorf("a query for %s", name)
	}
	return nil
}

// documentIn gives the document that fills data exactly.
func documentIn(data []byte) (bson.Raw, error) {
	document := bson.Raw(data)
	if err := document.Validate(); err != nil {
		return nil, err
	}
	if length := binary.LittleEndian.Uint32(data); int(length) != len(data) {
		return nil, errors.New("something follows the document")
	}
	return document, nil
}

// nameOf gives what a command is called: its first key.
func nameOf(command bson.Raw) string {
	first, err := command.IndexErr(0)
	if err != nil {
		return ""
	}
	return first.Key()
}

// answerTo makes a message of a document.
func answerTo(message []byte, document bson.D) ([]byte, error) {
	body, err := bson.Marshal(document)
	if err != nil {
		return nil, err
	}
	answer := make([]byte, headerBytes+4+1, headerBytes+4+1+len(body))
	binary.LittleEndian.PutUint32(answer, uint32(cap(answer)))
	copy(answer[8:12], message[4:8])
	binary.LittleEndian.PutUint32(answer[12:], opMsg)
	return append(answer, body...), nil
}
