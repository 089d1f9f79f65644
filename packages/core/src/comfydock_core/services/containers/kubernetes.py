"""A plain Deployment for a container of an environment, with the service and the claim of its models."""

import re

from comfydock_core.models.containers import ContainerImage
from comfydock_core.services.containers.containerfiles import HOME, PORT, USER

_NO_LABEL = re.compile(r"[^a-z0-9-]+")
_LONGEST = 50  # A label has 63 characters, and names get endings here.
_DEVICES = {"cu": "nvidia.com/gpu", "ro": "amd.com/gpu", "xp": "gpu.intel.com/i915"}


def deployment(image: ContainerImage) -> str:
    """The YAML. The image has to be pushed somewhere, and its name be put in the place of the local one."""
    name = label_of(image.name)
    device = _DEVICES.get(image.backend[:2])
    limits = f'\n            limits:\n              {device}: "1"' if device is not None else ""
    return f"""\
# Push the image to a registry, put its name at `image`, and choose the size of the claim before applying.
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {name}-models
  labels: {{app.kubernetes.io/name: {name}}}
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 200Gi
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels: {{app.kubernetes.io/name: {name}}}
spec:
  replicas: 1
  strategy:
    type: Recreate
  selector:
    matchLabels: {{app.kubernetes.io/name: {name}}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: {name}}}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: {USER}
        runAsGroup: {USER}
        fsGroup: {USER}
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: comfyui
          image: {name}:latest
          ports:
            - containerPort: {PORT}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop: [ALL]
          startupProbe:
            httpGet: {{path: /system_stats, port: {PORT}}}
            periodSeconds: 5
            failureThreshold: 120
          readinessProbe:
            httpGet: {{path: /system_stats, port: {PORT}}}
            periodSeconds: 10
          resources:
            requests:
              cpu: "1"
              memory: 4Gi{limits}
          volumeMounts:
            - {{name: models, mountPath: {HOME}/models}}
            - {{name: input, mountPath: {HOME}/input}}
            - {{name: output, mountPath: {HOME}/output}}
            - {{name: temp, mountPath: {HOME}/temp}}
      volumes:
        - name: models
          persistentVolumeClaim:
            claimName: {name}-models
        - {{name: input, emptyDir: {{}}}}
        - {{name: output, emptyDir: {{}}}}
        - {{name: temp, emptyDir: {{}}}}
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  labels: {{app.kubernetes.io/name: {name}}}
spec:
  selector: {{app.kubernetes.io/name: {name}}}
  ports:
    - port: {PORT}
      targetPort: {PORT}
"""


def label_of(name: str) -> str:
    """The name of an environment as Kubernetes allows names: small letters, digits and hyphens."""
    plain = _NO_LABEL.sub("-", name.lower())[:_LONGEST].strip("-")
    return f"comfyui-{plain}" if plain else "comfyui"
