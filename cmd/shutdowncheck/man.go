package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan gives the command that documents all others, itself included.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the man pages to a folder, one for each command",
		Long: `man writes shutdowncheck.1 and a page for each command into FOLDER, which is
made if it is not there. To read them: man -M reads FOLDER/man1, or put them
where your system has its own, as /usr/local/share/man/man1.`,
		Args: exactlyOne("FOLDER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := writeManual(cmd.Root(), args[0]); err != nil {
				return fmt.Errorf("write the man pages: %w", err)
			}
			return nil
		},
	}
}

func writeManual(root *cobra.Command, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	root.DisableAutoGenTag = true
	// The date is SOURCE_DATE_EPOCH's, or today's.
	return doc.GenManTree(root, &doc.GenManHeader{
		Section: "1",
		Source:  "shutdowncheck " + root.Version,
		Manual:  "shutdowncheck",
	}, folder)
}
