from .carrier import carried_in as carried_in
from .carrier import read_carrier as read_carrier
