"""What node classes take in: the inputs of each, in order, as ComfyUI's `/object_info` would describe them."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from comfydock_core.records import record

REQUIRED = "required"
OPTIONAL = "optional"
HIDDEN = "hidden"

COMBO = "COMBO"
_MOST_GROWN = 200

DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW = "COMFY_AUTOGROW_V3"


@record
class ClassInput:
    """One input of a node class.

    `type` is ComfyUI's name of it (`INT`, `MODEL`, `COMBO` for every list of choices), `None` when only running the
    code would tell. `choices` are those written in the code, `None` when they are not known or come from files;
    `folders` are the model folders of ComfyUI that choices come from, in the order of the code. `doubt` says, as
    `file:line: reason`, why something about this input is not known: with a doubt, no folders does not mean that it
    names no model.

    `options` has what else the class says (`default`, `min`, `max`, `forceInput`, `control_after_generate`, ...), as
    far as it could be read, without the help texts (`tooltip`). A dynamic combo has `branches`, an input that grows
    has a `template`.
    """

    name: str
    section: str
    type: str | None = None
    choices: tuple[object, ...] | None = None
    folders: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict)
    branches: tuple["InputOption", ...] = ()
    template: "InputTemplate | None" = None
    doubt: str | None = None

    def branch_for(self, value: object) -> "InputOption | None":
        """The branch that a value of this input chooses."""
        if not self.branches or not isinstance(value, str | int | float):
            return None
        key = str(value)
        return next((branch for branch in self.branches if branch.key == key), None)


@record
class InputOption:
    """One choice of a dynamic combo and the inputs that it brings, which are named `<combo>.<input>` in a prompt."""

    key: str
    inputs: tuple[ClassInput, ...] = ()


@record
class InputTemplate:
    """What an input that grows is made of: one input again and again.

    Its names are `names`, or else `prefix` with 0, 1, 2, ... up to `most`; the first `least` are required.
    """

    input: ClassInput
    names: tuple[str, ...] = ()
    prefix: str | None = None
    least: int = 0
    most: int | None = None

    def input_names(self) -> tuple[str, ...]:
        """The names that the inputs may have, a bounded number of them."""
        if self.names:
            return self.names
        count = min(_MOST_GROWN if self.most is None else self.most, _MOST_GROWN)
        return tuple(f"{self.prefix or self.input.name}{at}" for at in range(count))


@record
class NodeClass:
    """A node class: its inputs in order, required ones first and hidden ones last, as ComfyUI keeps them.

    `module` is the file that defines it, relative to the checkout or pack it is from. `outputs` are the types that it
    gives, `None` when they could not be read. `doubts` (`file:line: reason`) say why more inputs may exist than those
    read; none means that `inputs` is all. `output_node` is `None` when it could not be read. `own_checks` are the
    inputs that the class checks itself (`VALIDATE_INPUTS`), for which the server leaves ranges and choices alone; `*`
    stands for all of them.
    """

    name: str
    module: str
    inputs: tuple[ClassInput, ...] = ()
    outputs: tuple[str, ...] | None = None
    output_node: bool | None = None
    display_name: str | None = None
    doubts: tuple[str, ...] = ()
    own_checks: tuple[str, ...] = ()

    def checks_itself(self, name: str) -> bool:
        """Whether the class decides by itself what an input may have."""
        return name in self.own_checks or "*" in self.own_checks

    def input(self, name: str) -> ClassInput | None:
        for one in self.inputs:
            if one.name == name:
                return one
        return None


def all_inputs(inputs: tuple[ClassInput, ...], prefix: str = "") -> dict[str, ClassInput]:
    """Every input by its full name, those that any choice of a dynamic combo or growing brings included."""
    found: dict[str, ClassInput] = {}
    for one in inputs:
        name = prefix + one.name
        found[name] = one
        for branch in one.branches:
            for inner, value in all_inputs(branch.inputs, f"{name}.").items():
                found.setdefault(inner, value)
        found.update(_grown(one, name))
    return found


def inputs_for(inputs: tuple[ClassInput, ...], chosen: Mapping[str, object], prefix: str = "") -> dict[str, ClassInput]:
    """The inputs by full name that a node has with what is `chosen` (input to value) in its dynamic combos.

    Of what grows the first ones are required, as many as the class says, and the others are not.
    """
    found: dict[str, ClassInput] = {}
    for one in inputs:
        name = prefix + one.name
        found[name] = one
        branch = one.branch_for(chosen.get(name))
        if branch is not None:
            found.update(inputs_for(branch.inputs, chosen, f"{name}."))
        found.update(_grown(one, name))
    return found


def _grown(one: ClassInput, name: str) -> dict[str, ClassInput]:
    """The inputs that an input may grow to: the first ones are required, as far as it is itself."""
    if one.template is None:
        return {}
    least = one.template.least if one.section == REQUIRED else 0
    return {
        f"{name}.{grown}": replace(one.template.input, section=REQUIRED if at < least else OPTIONAL)
        for at, grown in enumerate(one.template.input_names())
    }


class StoredCatalog(Mapping[str, NodeClass]):
    """Node classes that are made when they are asked for, which each takes its time."""

    @abstractmethod
    def with_models(self) -> Iterable[str]:
        """The names of those with an input that takes models, in their order."""


def names_with_models(classes: Mapping[str, NodeClass]) -> Iterable[str]:
    """The names of node classes with an input that takes models, in their order; of stored ones none is made."""
    if isinstance(classes, StoredCatalog):
        return classes.with_models()
    return [name for name, one in classes.items() if any(each.folders for each in one.inputs)]


@record
class ClassCatalog:
    """Node classes by name, and in `doubts` why some that exist may be missing."""

    classes: Mapping[str, NodeClass] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    def get(self, name: str) -> NodeClass | None:
        return self.classes.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self.classes
