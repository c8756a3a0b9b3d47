"""Commands and outcomes that several causes share, with the placeholders of ``model.commands``."""

from __future__ import annotations

from typing import Final

DESCRIBE: Final = "kubectl describe pods -n {namespace} -l {selector}"
DESCRIBE_WORKLOAD: Final = "kubectl describe {workload} -n {namespace}"
LOGS: Final = "kubectl logs -n {namespace} -l {selector} --tail=100 --all-containers=true"
BEFORE: Final = "kubectl logs -n {namespace} {pod} -c {container} --previous --tail=50"
HISTORY: Final = "kubectl rollout history {workload} -n {namespace}"
ROLL_BACK: Final = "kubectl rollout undo {workload} -n {namespace}{to_previous}"
ROLL_FORWARD: Final = "kubectl rollout undo {workload} -n {namespace}{to_current}"
"""They name the revision where it is known, so that a second time brings nothing back."""
DELETE_POD: Final = "kubectl delete pod -n {namespace} {pod}"
RELEASE: Final = 'kubectl patch pod -n {namespace} {pod} --type=merge --patch \'{"metadata":{"finalizers":null}}\''
RESTORE: Final = "make up"
READY: Final = "every pod of {app} is Running and READY 1/1"
GREEN: Final = "make daily is green"
