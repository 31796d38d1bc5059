package manifest

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"
)

// oldNginx are versions of Docker Hub's nginx that were made before its STOPSIGNAL became SIGQUIT, on
// 24 November 2020 (nginx/docker-nginx#457). Of 1.18 and 1.19.4, which were current then, no tag tells.
var oldNginx = regexp.MustCompile(`^library/nginx:1\.(?:(?:[0-9]|1[0-7])(?:[.-].*)?|19\.[0-3](?:-.*)?)$`)

// StopsFast tells of a container whose image has SIGTERM for its stop signal though its server, nginx,
// answers nothing that is in flight at that.
func StopsFast(c *corev1.Container) bool { return oldNginx.MatchString(reference(c.Image)) }
