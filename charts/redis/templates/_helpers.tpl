{{- /* Arguments: the root context, the role ("primary" or "replica"). */}}
{{- define "redis.name" -}}
{{- $root := index . 0 -}}
{{- $root.Release.Name }}{{ if eq (index . 1) "replica" }}-replica{{ end }}
{{- end }}

{{- define "redis.releaseLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "redis.selectorLabels" -}}
{{ include "redis.releaseLabels" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "redis.labels" -}}
{{ include "redis.releaseLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "redis.clientLabels" -}}
{{- .Values.clients | default (dict (printf "needs.boutique.dev/%s" .Release.Name) "true") | toYaml }}
{{- end }}

{{- define "redis.secretVariable" -}}
valueFrom:
  secretKeyRef:
    name: {{ (index . 0).Values.existingSecret }}
    key: {{ index . 1 }}
{{- end }}
