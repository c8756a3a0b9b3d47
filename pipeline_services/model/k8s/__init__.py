"""A typed look at Kubernetes objects as the API gives them. Pure; nothing is copied.

Everything else asks here, so that what a field means, and what it means when it is missing, stands once. A pod template
has ``metadata`` and ``spec`` like a pod, and what is said of a pod's spec here goes for it, too. All that the modules
below define is part of the look; a new accessor needs no second mention.
"""

from pipeline_services.model.k8s.events import *
from pipeline_services.model.k8s.leases import *
from pipeline_services.model.k8s.logs import *
from pipeline_services.model.k8s.nodes import *
from pipeline_services.model.k8s.objects import *
from pipeline_services.model.k8s.pods import *
from pipeline_services.model.k8s.secrets import *
from pipeline_services.model.k8s.services import *
from pipeline_services.model.k8s.settings import *
from pipeline_services.model.k8s.workloads import *
