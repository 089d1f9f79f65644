from .fetching import fetch as fetch
from .pulling import fetch_to_pull as fetch_to_pull
from .pushing import push as push
from .remotes import carry_out_remote as carry_out_remote
from .remotes import plan_remote as plan_remote
