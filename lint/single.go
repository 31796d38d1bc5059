package lint

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// single says why a second pod beside the only one is not simply to be had, as sentences;
// empty where requests are led to both and nothing speaks against it. A patch that has two
// run is for those alone: a program whose only pod works, by a lock, for itself or on its
// own data, gains nothing by another, or works twice.
func (w *workload) single() string {
	surge, _, rolling := w.fenceposts(1)
	switch store := w.dataStore(); {
	case store != "":
		return fmt.Sprintf("%s keeps data of its own in each pod: two behind one service answer from different data, unless they are set up to share or replicate it.", store)
	case w.keepsOnNode():
		return "Its hostPath volume is on one node: a second pod on another one finds other data there, and one beside it the same files."
	case w.recreated():
		return "The strategy Recreate says that two are not to run at once."
	case rolling && surge == 0:
		return "A maxSurge of 0 says that two are not to run at once."
	case w.onNode() || w.template.Spec.HostNetwork:
		return "Its port of the node is free for one pod on each node: a second one needs a node of its own."
	case w.traffic == certain:
		return ""
	case w.leads() != "":
		return fmt.Sprintf("By %s its pods elect a leader, and only that one works: a second one would stand by.", w.leads())
	default:
		return "Whether two may run at once, as a program that works by itself may not, no manifest tells."
	}
}

// dataStores are programs that keep data, by the names of images, containers and commands.
// Copies of one that nobody has set up as replicas know nothing of each other, which is why
// each has a StatefulSet of its own (kubernetes.io/docs/tasks/run-application,
// run-replicated-stateful-application).
var dataStores = []string{
	"activemq", "activemq-artemis", "arangodb", "cassandra", "chroma", "clickhouse", "clickhouse-server", "cockroach", "consul", "couchbase",
	"couchdb", "cp-kafka", "cp-zookeeper", "dragonfly", "eclipse-mosquitto", "elasticsearch", "emqx", "etcd", "forgejo", "gitea", "gitlab-ce",
	"gitlab-ee", "home-assistant", "influxdb", "jenkins", "kafka", "keydb", "localstack", "mailhog", "mailpit", "mariadb", "mariadbd",
	"meilisearch", "memcached", "milvus", "minio", "mongo", "mongod", "mongodb", "mongodb-community-server", "mosquitto", "mssql", "mysql",
	"mysql-server", "mysqld", "n8n", "nats", "nats-server", "neo4j", "nexus3", "node-red", "openldap", "opensearch", "percona",
	"percona-server", "percona-server-mongodb", "pgvector", "pihole", "postgis", "postgres", "postgresql", "prometheus", "pulsar", "qdrant", "questdb",
	"rabbitmq", "rabbitmq-server", "redis", "redis-server", "redis-stack", "redis-stack-server", "redpanda", "rethinkdb",
	"scylla", "solr", "sonarqube", "surrealdb", "tikv", "timescaledb", "timescaledb-ha", "typesense", "uptime-kuma", "valkey",
	"valkey-server", "vaultwarden", "verdaccio", "victoria-metrics", "weaviate", "zookeeper",
}

// officialStores are such programs by names that others have as well: they count as the images
// of these names that their projects publish alone.
var officialStores = []string{
	"registry", "distribution/registry", "vault", "hashicorp/vault", "grafana/grafana", "ghost", "jaegertracing/all-in-one",
	"grafana/grafana-oss", "grafana/grafana-enterprise", "mcr.microsoft.com/mssql/server", "vaultwarden/server",
}

// dataStore names the one that answers in the workload's pods; empty for none that is known.
func (w *workload) dataStore() string {
	for _, c := range w.serving() {
		repository, _, _ := strings.Cut(c.Image, "@")
		image, _, _ := strings.Cut(path.Base(repository), ":")
		names := []string{image, c.Name}
		if len(c.Command) > 0 {
			names = append(names, path.Base(c.Command[0]))
		}
		for _, name := range names {
			if slices.Contains(dataStores, name) {
				return name
			}
		}
		official := strings.TrimPrefix(strings.TrimPrefix(path.Join(path.Dir(repository), image), "docker.io/"), "library/")
		if slices.Contains(officialStores, official) || strings.HasPrefix(image, "spilo-") {
			return official
		}
	}
	return ""
}

// keepsOnNode tells whether what answers may write to a folder of its node.
func (w *workload) keepsOnNode() bool {
	return slices.ContainsFunc(w.serving(), func(c container) bool {
		return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
			return !m.ReadOnly && slices.ContainsFunc(w.template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name && holdsData(v.HostPath) })
		})
	})
}

// holdsData tells of a folder of the node that programs keep data of their own in, and not sockets,
// devices, logs or settings that every node has.
func holdsData(v *corev1.HostPathVolumeSource) bool {
	if v == nil || v.Type != nil && slices.Contains([]corev1.HostPathType{corev1.HostPathSocket, corev1.HostPathFile, corev1.HostPathCharDev, corev1.HostPathBlockDev}, *v.Type) {
		return false
	}
	return !slices.ContainsFunc([]string{"/dev", "/proc", "/sys", "/run", "/var/run", "/var/log", "/etc", "/lib/modules"}, func(folder string) bool {
		return v.Path == folder || strings.HasPrefix(v.Path, folder+"/")
	})
}

// elects finds the flags by which controllers elect a leader (k8s.io/component-base,
// config/options/leaderelectionconfig.go; kubebuilder's and controller-runtime's own
// examples; external-provisioner's README), where they are not switched off.
var elects = regexp.MustCompile(`^--?(leader-elect|leader-election|leader-election-enabled|enable-leader-election|leaderelect|enable-leader-elect)(=true)?$`)

// leads gives the flag by which one of the containers elects a leader; empty for none.
func (w *workload) leads() string {
	for _, c := range w.containers() {
		words := slices.Concat(c.Command, c.Args)
		for i, word := range words {
			if elects.MatchString(word) && (i+1 == len(words) || words[i+1] != "false") {
				return word
			}
		}
	}
	return ""
}
