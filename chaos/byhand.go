package chaos

import (
	"cmp"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
)

// ByHand makes the commands by which a person puts things back, for a shell. The names
// in them may come from another's annotation. Its zero value is for the cluster that
// kubectl has by default.
type ByHand struct {
	// Program is what the user calls this program, where that is not its name.
	Program string
	// Flags are those by which the user named the cluster, as kubectl knows them.
	Flags []string
}

// Restore is the command that puts back what is left on a workload.
func (b ByHand) Restore(workload, namespace string) string {
	return cmp.Or(b.Program, "shutdowncheck") + " " + b.words("restore", workload, "-n", namespace)
}

// Kubectl is a command of kubectl's.
func (b ByHand) Kubectl(words ...string) string { return "kubectl " + b.words(words...) }

func (b ByHand) words(words ...string) string { return shell.Words(slices.Concat(words, b.Flags)) }
