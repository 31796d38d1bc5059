package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/shutdowncheck/shutdowncheck/check"
)

const (
	// inARow is how many answers in a row tell that the cluster's proxies know
	// the pods.
	inARow = 10
	// pace lies between two of these requests.
	pace = 100 * time.Millisecond
)

// answers waits until the address has answered several times in a row, each
// time on a connection of its own.
func answers(ctx context.Context, url string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	good := 0
	var last error
	err := wait.PollUntilContextCancel(ctx, pace, true, func(ctx context.Context) (bool, error) {
		if err := ask(ctx, client, url); err != nil {
			good, last = 0, err
			return false, nil
		}
		good++
		return good == inARow, nil
	})
	switch {
	case err != nil && last != nil:
		return fmt.Errorf("the control's service did not answer: %w", last)
	case err != nil:
		return fmt.Errorf("ask the control's service at %s: %w", check.ShownURL(url), err)
	}
	return nil
}

func ask(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if inner, ok := errors.AsType[*neturl.Error](err); ok {
		err = fmt.Errorf("ask %s: %w", check.ShownURL(url), inner.Err) // it quotes the whole URL
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return fmt.Errorf("read the answer of %s: %w", check.ShownURL(url), err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", check.ShownURL(url), response.Status)
	}
	return nil
}
