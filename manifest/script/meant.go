package script

import (
	"strings"
	"time"
)

// Meant is for how long a hook that fails would sleep at the least, had a shell read all its
// words as one script and $(NAME) stood for the container's variable: what its author meant,
// and a fix should keep. It is 0 where that is not known, or no end.
func Meant(words []string, c Context) time.Duration {
	text := strings.Join(words, " ")
	if call, isShell := shellCall(words, c.Sh); isShell {
		text = strings.Join(call.arguments, " ")
		if call.inline {
			text = call.text + " " + text
		}
	}
	for name, value := range c.Env {
		text = strings.ReplaceAll(text, "$("+name+")", value)
	}
	hook := Run([]string{"sh", "-c", text}, c)
	if hook.Fails != "" || hook.Least == Forever {
		return 0
	}
	return hook.Least
}
