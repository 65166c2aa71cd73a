package main

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/xdg-go/scram"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
)

// mechanism is the one way to sign in here. Clients must name it (`authMechanism`).
const mechanism = "SCRAM-SHA-256"

// iterations and saltBytes are MongoDB's own.
const (
	iterations = 15000
	saltBytes  = 28
)

// account is who may sign in.
type account struct {
	user string
	// source is the database that the user belongs to (`authSource`).
	source   string
	password string
}

// gate keeps a connection from the backend until it has shown that it knows the password, as a
// MongoDB with authentication does. What the backend itself would say to a password is never asked.
type gate struct {
	source string
	server *scram.Server
}

func newGate(of account) (*gate, error) {
	if of.user == "" || of.source == "" || of.password == "" {
		return nil, errors.New("a user, its database and its password go together")
	}
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	client, err := scram.SHA256.NewClient(of.user, of.password, "")
	if err != nil {
		return nil, fmt.Errorf("the user or the password: %w", err)
	}
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: iterations})
	if err != nil {
		return nil, err
	}
	server, err := scram.SHA256.NewServer(func(user string) (scram.StoredCredentials, error) {
		if user != of.user {
			return scram.StoredCredentials{}, errors.New("no such user")
		}
		return stored, nil
	})
	if err != nil {
		return nil, err
	}
	return &gate{source: of.source, server: server}, nil
}

// visitor is one connection before the gate.
type visitor struct {
	gate         *gate
	conversation *scram.ServerConversation
	known        bool
}

// visitor starts a connection. Without a gate everybody is known.
func (g *gate) visitor() *visitor {
	return &visitor{gate: g, known: g == nil}
}

// answer gives the gate's own answer to a message, or nil for one that goes to the backend. After
// an error the connection can't go on.
func (v *visitor) answer(message []byte) ([]byte, error) {
	if v.known {
		return nil, nil
	}
	if isQuery(message) {
		return nil, checkGreeting(message)
	}
	command, err := commandOf(message)
	if err != nil {
		return nil, err
	}
	switch name := nameOf(command); name {
	case "hello", "isMaster", "ismaster", "ping":
		return nil, nil
	case "saslStart":
		return answerTo(message, v.start(command))
	case "saslContinue":
		return answerTo(message, v.proceed(command))
	default:
		return answerTo(message, failure(13, "Unauthorized", "Command "+name+" requires authentication"))
	}
}

func (v *visitor) start(command bson.Raw) bson.D {
	var asked struct {
		Mechanism string           `bson:"mechanism"`
		Payload   primitive.Binary `bson:"payload"`
		Database  string           `bson:"$db"`
	}
	v.conversation = nil
	if bson.Unmarshal(command, &asked) != nil || asked.Database != v.gate.source {
		return notAuthenticated()
	}
	if asked.Mechanism != mechanism {
		return failure(334, "MechanismUnavailable", "the only mechanism here is "+mechanism)
	}
	v.conversation = v.gate.server.NewConversation()
	return v.step(asked.Payload.Data)
}

func (v *visitor) proceed(command bson.Raw) bson.D {
	var asked struct {
		Payload primitive.Binary `bson:"payload"`
	}
	if v.conversation == nil || bson.Unmarshal(command, &asked) != nil {
		return notAuthenticated()
	}
	return v.step(asked.Payload.Data)
}

func (v *visitor) step(payload []byte) bson.D {
	response, err := v.conversation.Step(string(payload))
	if err != nil {
		v.conversation = nil
		return notAuthenticated()
	}
	v.known = v.conversation.Valid()
	// The exchange of an empty message that could follow is skipped: drivers ask for that.
	return bson.D{
		{Key: "conversationId", Value: int32(1)},
		{Key: "done", Value: v.known},
		{Key: "payload", Value: primitive.Binary{Data: []byte(response)}},
		{Key: "ok", Value: 1.0},
	}
}

// notAuthenticated doesn't tell whether it was the user, the database or the password.
func notAuthenticated() bson.D {
	return failure(18, "AuthenticationFailed", "Authentication failed.")
}

func failure(code int32, name, sentence string) bson.D {
	return bson.D{
		{Key: "ok", Value: 0.0},
		{Key: "errmsg", Value: sentence},
		{Key: "code", Value: code},
		{Key: "codeName", Value: name},
	}
}
