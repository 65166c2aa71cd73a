package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
)

const (
	// headerBytes is what every message begins with: its length, its number, the number of the
	// message that it answers, and its operation.
	headerBytes = 16
	// maxMessageBytes is MongoDB's own bound.
	maxMessageBytes = 48_000_000
	// opMsg is the operation of every command and answer since MongoDB 3.6.
	opMsg = 2013
	// moreToCome among the flags of a message says that no answer is expected.
	moreToCome = 1 << 1
)

// front passes one message at a time, over all connections, to a backend and waits for its answer.
//
// FerretDB reads a document and writes it back in two statements, so that of two updates at once
// one is lost. MongoDB promises that an operation on one document is atomic; so does this.
type front struct {
	backend string
	turn    sync.Mutex
}

// serve answers connections until the listener is closed.
func (f *front) serve(listener net.Listener) error {
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		go f.pass(client)
	}
}

// pass serves one connection. Whatever goes wrong ends it, and no other.
func (f *front) pass(client net.Conn) {
	defer client.Close()
	backend, err := net.Dial("tcp", f.backend)
	if err != nil {
		return
	}
	defer backend.Close()
	for {
		request, err := readMessage(client)
		if err != nil || expectsNoAnswer(request) {
			return
		}
		answer, err := f.exchange(backend, request)
		if err != nil {
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

// exchange holds the turn from before the request is written until its answer has been read, so
// that an operation has ended before the next one begins, also when its client has gone meanwhile.
func (f *front) exchange(backend io.ReadWriter, request []byte) ([]byte, error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	if _, err := backend.Write(request); err != nil {
		return nil, err
	}
	return readMessage(backend)
}

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

// expectsNoAnswer tells a message after which waiting for the backend would never end. Drivers send
// one for unacknowledged writes, which nothing here uses.
func expectsNoAnswer(message []byte) bool {
	operation := binary.LittleEndian.Uint32(message[12:])
	return operation == opMsg && len(message) >= headerBytes+4 &&
		binary.LittleEndian.Uint32(message[headerBytes:])&moreToCome != 0
}

func addressOf(uri string) (string, error) {
	parsed, err := url.Parse(uri)
	if err != nil {
		return "", err
	}
	return parsed.Host, nil
}
