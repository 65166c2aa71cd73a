package main

import (
	"io"
	"net"
	"net/url"
	"sync"
)

// front passes one message at a time, over all connections, to a backend and waits for its answer.
//
// FerretDB reads a document and writes it back in two statements, so that of two updates at once
// one is lost. MongoDB promises that an operation on one document is atomic; so does this.
type front struct {
	backend string
	// gate is who may pass at all; without one everybody.
	gate *gate
	turn sync.Mutex
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
	visitor := f.gate.visitor()
	for {
		request, err := readMessage(client)
		if err != nil || expectsNoAnswer(request) {
			return
		}
		answer, err := visitor.answer(request)
		if err == nil && answer == nil {
			answer, err = f.exchange(backend, request)
		}
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

func addressOf(uri string) (string, error) {
	parsed, err := url.Parse(uri)
	if err != nil {
		return "", err
	}
	return parsed.Host, nil
}
