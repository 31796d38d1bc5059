package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes/scheme"

	"github.com/shutdowncheck/shutdowncheck/internal/label"
)

// fakeCluster is an API server with one Deployment, default/web, of two pods. Nobody in
// it does what the Deployment wants: a run that scales it waits until it is ended.
type fakeCluster struct {
	url string

	mu         sync.Mutex
	deployment map[string]any
	version    int
	// hold, if set, keeps whoever wants to write waiting.
	hold chan struct{}
	// forbidden, if set, may not be listed: pods, jobs and the like.
	forbidden string
	// written has each number of replicas that was asked for, held one that was held up.
	written chan int
	held    chan struct{}
}

const fakeMeta = `"namespace": "default", "labels": {"app": "web", "pod-template-hash": "1"}, "resourceVersion": "1", "generation": 1`

const fakeDeployment = `{"apiVersion": "apps/v1", "kind": "Deployment",
"metadata": {"name": "web", "uid": "uid-web", "annotations": {"deployment.kubernetes.io/revision": "1"}, ` + fakeMeta + `},
"spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "strategy": {"type": "RollingUpdate"},
	"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}}},
"status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}}`

func fakePod(name string) string {
	return `{"metadata": {"name": "` + name + `", "uid": "uid-` + name + `", ` + fakeMeta + `,
	"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "uid-web-1", "controller": true}]},
"spec": {"nodeName": "node", "terminationGracePeriodSeconds": 30, "containers": [{"name": "web", "image": "web"}]},
"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}`
}

// fakeKinds are those of the lists that are empty: always, or where only what runs have
// made is asked for.
var fakeKinds = map[string]string{
	"services": "ServiceList", "events": "EventList", "nodes": "NodeList", "leases": "LeaseList",
	"deployments": "DeploymentList", "pods": "PodList", "statefulsets": "StatefulSetList", "daemonsets": "DaemonSetList", "jobs": "JobList",
	"ingresses": "IngressList", "ingressclasses": "IngressClassList", "persistentvolumeclaims": "PersistentVolumeClaimList", "replicasets": "ReplicaSetList", "endpointslices": "EndpointSliceList",
	"horizontalpodautoscalers": "HorizontalPodAutoscalerList", "poddisruptionbudgets": "PodDisruptionBudgetList",
}

func newFakeCluster(t *testing.T) *fakeCluster {
	t.Helper()
	c := &fakeCluster{version: 1, written: make(chan int, 100), held: make(chan struct{}, 100)}
	if err := json.Unmarshal([]byte(fakeDeployment), &c.deployment); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	c.url = server.URL
	return c
}

// holdWrites keeps writes waiting from now on.
func (c *fakeCluster) holdWrites() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = make(chan struct{})
}

// replicas waits until so many are asked for.
func (c *fakeCluster) replicas(t *testing.T, want int) {
	t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		select {
		case n := <-c.written:
			if n == want {
				return
			}
		case <-deadline:
			t.Fatalf("%d replicas are not asked for", want)
		}
	}
}

// state gives what the Deployment wants, and the note that it bears.
func (c *fakeCluster) state() (replicas int, note any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	annotations, _ := c.at("metadata", "annotations").(map[string]any)
	return int(c.at("spec", "replicas").(float64)), annotations["shutdowncheck.io/undo"]
}

func (c *fakeCluster) at(path ...string) any {
	var value any = c.deployment
	for _, name := range path {
		value = value.(map[string]any)[name]
	}
	return value
}

func (c *fakeCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	last := path[len(path)-1]
	writes := r.Method == http.MethodPatch || r.Method == http.MethodPut
	if writes {
		c.mu.Lock()
		hold := c.hold
		c.mu.Unlock()
		if hold != nil {
			c.held <- struct{}{}
			<-r.Context().Done()
			return
		}
	}
	c.mu.Lock()
	before := c.at("spec", "replicas")
	status, answer := c.answer(r, path, last, body)
	if after := c.at("spec", "replicas"); after != before {
		c.written <- int(after.(float64))
	}
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Query().Get("watch") != "" && status == http.StatusOK {
		w.WriteHeader(status)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

func (c *fakeCluster) answer(r *http.Request, path []string, last string, body []byte) (int, string) {
	switch {
	case last == "api":
		return http.StatusOK, `{"kind": "APIVersions", "versions": ["v1"]}`
	case last == "apis":
		return http.StatusOK, `{"kind": "APIGroupList", "apiVersion": "v1", "groups": []}`
	case last == "selfsubjectaccessreviews":
		return http.StatusCreated, `{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "status": {"allowed": true}}`
	case last == c.forbidden:
		return http.StatusForbidden, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "message": "no right to list ` + last + `", "code": 403}`
	case r.URL.Query().Get("sendInitialEvents") != "":
		return http.StatusUnprocessableEntity, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422}`
	case last == "scale":
		if r.Method == http.MethodPut {
			if !c.rescale(body) {
				return fakeConflict()
			}
		}
		return http.StatusOK, c.scale()
	case last == "web":
		if r.Method == http.MethodPatch {
			if !c.merge(body, "metadata", "spec") {
				return fakeConflict()
			}
		}
		return http.StatusOK, encoded(c.deployment)
	case last == "deployments" && !forMade(r):
		return http.StatusOK, fakeList("apps/v1", "DeploymentList", encoded(c.deployment))
	case last == "pods" && !forMade(r):
		return http.StatusOK, fakeList("v1", "PodList", fakePod("web-1-a"), fakePod("web-1-b"))
	case path[0] == "api":
		return http.StatusOK, fakeList("v1", fakeKinds[last])
	default:
		return http.StatusOK, fakeList(path[1]+"/"+path[2], fakeKinds[last])
	}
}

// forMade tells whether only what runs have made is asked for.
func forMade(r *http.Request) bool {
	return strings.Contains(r.URL.Query().Get("labelSelector"), label.ManagedBy)
}

func (c *fakeCluster) scale() string {
	return encoded(map[string]any{
		"apiVersion": "autoscaling/v1", "kind": "Scale",
		"metadata": map[string]any{"name": "web", "namespace": "default", "uid": "uid-web", "resourceVersion": c.at("metadata", "resourceVersion")},
		"spec":     map[string]any{"replicas": c.at("spec", "replicas")},
	})
}

// rescale takes the replicas from a Scale, which clients send as protobuf.
func (c *fakeCluster) rescale(body []byte) (fits bool) {
	scale, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		panic(err)
	}
	return c.merge([]byte(encoded(scale)), "spec")
}

func fakeConflict() (int, string) {
	return http.StatusConflict, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Conflict", "code": 409}`
}

// merge takes over parts of a patch, or of an object, unless it was made for another
// version than the present one.
func (c *fakeCluster) merge(body []byte, parts ...string) (fits bool) {
	var patch map[string]any
	if err := json.Unmarshal(body, &patch); err != nil {
		panic(err)
	}
	if bears, ok := patch["metadata"].(map[string]any); ok {
		if version, ok := bears["resourceVersion"]; ok && version != c.at("metadata", "resourceVersion") {
			return false
		}
	}
	for _, part := range parts {
		if change, ok := patch[part].(map[string]any); ok {
			merge(c.deployment[part].(map[string]any), change)
		}
	}
	c.version++
	metadata := c.deployment["metadata"].(map[string]any)
	metadata["resourceVersion"] = encoded(c.version)
	metadata["generation"] = c.version
	c.deployment["status"].(map[string]any)["observedGeneration"] = c.version
	return true
}

func merge(object, change map[string]any) {
	for name, value := range change {
		inner, ok := value.(map[string]any)
		old, had := object[name].(map[string]any)
		switch {
		case value == nil:
			delete(object, name)
		case ok && had:
			merge(old, inner)
		default:
			object[name] = value
		}
	}
}

func fakeList(version, kind string, items ...string) string {
	return `{"apiVersion": "` + version + `", "kind": "` + kind + `", "metadata": {"resourceVersion": "1"}, "items": [` + strings.Join(items, ",") + `]}`
}

func encoded(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(data)
}
