package script

import (
	"path"
	"slices"
)

// daemonizes tells of a server that puts itself into the background: one that a script goes
// on behind (nginx.org/en/docs/ngx_core_module.html daemon, httpd.apache.org/docs/2.4/invoking.html,
// php-fpm(8), haproxy(1)). What the configuration of nginx or Apache may keep in the foreground
// the script does not go on behind.
func daemonizes(words []string) bool {
	options := words[1:]
	has := func(words ...string) bool {
		return slices.ContainsFunc(options, func(o string) bool { return slices.Contains(words, o) })
	}
	switch name := path.Base(words[0]); unversioned(name) {
	case "nginx", "openresty", "nginx-debug":
		return !has("-t", "-T", "-v", "-V", "-s", "-h", "-?", "-tq", "-qt", "--help", "--version") && !slices.ContainsFunc(options, func(o string) bool { return containsAny(o, "daemon") })
	case "apachectl", "apache2ctl":
		return slices.Equal(options, []string{"start"}) || slices.Equal(options, []string{"-k", "start"})
	case "httpd", "apache": // apache2, without its number
		return len(options) == 0 || slices.Equal(options, []string{"-k", "start"})
	case "php-fpm":
		return has("-D", "--daemonize")
	case "haproxy":
		return has("-D")
	case "service":
		return len(options) == 2 && options[1] == "start" && slices.Contains([]string{"nginx", "apache2", "httpd", "haproxy"}, options[0])
	default:
		return false
	}
}
