package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
)

// answer is as short as an answer that names its pod can be.
var answer = []byte("HTTP/1.1 200 OK\r\nX-Pod-Name: pod-a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")

// Serve answers each request as cheaply as can be, to leave the processors to the
// client. It writes its URL to told and returns when stdin ends.
func Serve(ctx context.Context, stdin io.Reader, told io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if _, err := fmt.Fprintf(told, "http://%s/\n", listener.Addr()); err != nil {
		return fmt.Errorf("tell the address: %w", err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerAll(conn)
		}
	}()
	_, err = io.Copy(io.Discard, stdin)
	return err
}

// answerAll takes an empty line for the end of a request: none of these clients
// sends a body.
func answerAll(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	for {
		line, err := reader.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull): // a part of a long line
			continue
		case err != nil:
			return
		case len(bytes.TrimSpace(line)) > 0:
			continue
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}
