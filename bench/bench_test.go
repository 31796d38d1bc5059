package bench

import (
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	valid := func() Config {
		return Config{Vegeta: "vegeta", Tool: "shutdowncheck", Parts: Parts, Rounds: 1, For: time.Second}
	}
	if c := valid(); c.validate() != nil {
		t.Fatal(c.validate())
	}
	for name, spoil := range map[string]func(*Config){
		"no vegeta":      func(c *Config) { c.Vegeta = "" },
		"no tool":        func(c *Config) { c.Tool = "" },
		"unknown part":   func(c *Config) { c.Parts = []string{Memory, "speed"} },
		"no part":        func(c *Config) { c.Parts = nil },
		"no round":       func(c *Config) { c.Rounds = 0 },
		"no time":        func(c *Config) { c.For = 0 },
		"broken seconds": func(c *Config) { c.For = 1500 * time.Millisecond },
	} {
		c := valid()
		if spoil(&c); c.validate() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
