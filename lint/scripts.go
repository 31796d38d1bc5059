package lint

import (
	"path"

	corev1 "k8s.io/api/core/v1"
	apijson "sigs.k8s.io/json"

	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

const makeExecutable = "Run it through its shell (sh FILE), or set the volume's defaultMode to 0755."

// keepScripts keeps a ConfigMap for the scripts that may be in it. Nothing in it is checked.
func (r *reader) keepScripts(g *given) {
	m := &corev1.ConfigMap{}
	if err := apijson.UnmarshalCaseSensitivePreserveInts(g.text, m); err == nil && m.Name != "" {
		r.configMaps = append(r.configMaps, m)
	}
}

// context is what a container's commands find in it.
func (w *workload) context(c container) script.Context {
	context := manifest.Context(&w.template.Spec, c.Container)
	for _, mount := range c.VolumeMounts {
		for i := range w.template.Spec.Volumes {
			v := &w.template.Spec.Volumes[i]
			if v.Name != mount.Name || v.ConfigMap == nil {
				continue
			}
			for name, file := range w.filesOf(v.ConfigMap) {
				at := path.Join(mount.MountPath, name)
				if mount.SubPath != "" {
					if path.Clean(mount.SubPath) != name {
						continue
					}
					at = path.Clean(mount.MountPath)
				}
				if context.Files == nil {
					context.Files = map[string]script.File{}
				}
				context.Files[at] = file
			}
		}
	}
	return context
}

// filesOf are those that a volume has of a ConfigMap that is given, and given once. They get
// the volume's defaultMode, 0644, unless their item says another (core/v1
// ConfigMapVolumeSource).
func (w *workload) filesOf(source *corev1.ConfigMapVolumeSource) map[string]script.File {
	var from *corev1.ConfigMap
	for _, m := range w.configMaps {
		if m.Name == source.Name && together(m.Namespace, w.meta.Namespace) {
			if from != nil {
				return nil
			}
			from = m
		}
	}
	if from == nil {
		return nil
	}
	const usual, anyMayRun = 0o644, 0o111
	mode := orDefault(source.DefaultMode, usual)
	files := map[string]script.File{}
	if len(source.Items) == 0 {
		for key, text := range from.Data {
			files[key] = script.File{Text: text, Executable: mode&anyMayRun != 0}
		}
	}
	for _, item := range source.Items {
		if text, known := from.Data[item.Key]; known {
			files[path.Clean(item.Path)] = script.File{Text: text, Executable: orDefault(item.Mode, mode)&anyMayRun != 0}
		}
	}
	return files
}
