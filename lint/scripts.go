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
			if v.Name != mount.Name || mount.SubPathExpr != "" {
				continue // an expression names a part that only the running pod knows
			}
			for name, file := range w.filesIn(v) {
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

// usualMode is the mode of files of ConfigMaps where nothing is said (core/v1
// ConfigMapVolumeSource and ProjectedVolumeSource).
const usualMode = 0o644

// filesIn are those of a volume that ConfigMaps bring, alone or projected together with others.
func (w *workload) filesIn(v *corev1.Volume) map[string]script.File {
	files := map[string]script.File{}
	switch {
	case v.ConfigMap != nil:
		w.addFiles(files, v.ConfigMap.Name, v.ConfigMap.Items, orDefault(v.ConfigMap.DefaultMode, usualMode))
	case v.Projected != nil:
		for i := range v.Projected.Sources {
			if from := v.Projected.Sources[i].ConfigMap; from != nil {
				w.addFiles(files, from.Name, from.Items, orDefault(v.Projected.DefaultMode, usualMode))
			}
		}
	}
	return files
}

// addFiles adds the files of a ConfigMap that is given, and given once: all, or the items, which may
// have modes of their own.
func (w *workload) addFiles(files map[string]script.File, name string, items []corev1.KeyToPath, mode int) {
	var from *corev1.ConfigMap
	for _, m := range w.configMaps {
		if m.Name == name && together(m.Namespace, w.meta.Namespace) {
			if from != nil {
				return
			}
			from = m
		}
	}
	if from == nil {
		return
	}
	const anyMayRun = 0o111
	if len(items) == 0 {
		for key, text := range from.Data {
			files[key] = script.File{Text: text, Executable: mode&anyMayRun != 0}
		}
	}
	for _, item := range items {
		if text, known := from.Data[item.Key]; known {
			files[path.Clean(item.Path)] = script.File{Text: text, Executable: orDefault(item.Mode, mode)&anyMayRun != 0}
		}
	}
}
