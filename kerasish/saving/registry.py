"""The closed table of classes and functions a file may name.

Everything a saved model can contain is found here and nowhere else: built-in classes
are entered by `@public("keras.layers")`, a user's by `@register_keras_serializable()`.
Loading never imports or evaluates a name from a file.

`Configurable` gives every class its config: the constructor's arguments are remembered
when an object is made, and `get_config` reads them back in the constructor's order.
`Directory` is the small named collection behind each `get(identifier)` of Keras
(`activations.get`, `losses.get`, ...).
"""

from __future__ import annotations

import functools
import inspect
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kerasish.errors import explain, unknown_name

T = TypeVar("T")

_BUILTIN: dict[tuple[str, str], Any] = {}
_CUSTOM: dict[str, Any] = {}
_CUSTOM_NAMES: dict[Any, str] = {}
_SCOPES = threading.local()


def public(module: str, *aliases: str) -> Callable[[T], T]:
    """Enter a built-in class or function under its public Keras module.

    Args:
        module: Keras's module, such as `"keras.layers"`: what saved files hold.
        aliases: Other class names under which files know it.
    """

    def register(thing: T) -> T:
        name = thing.__name__  # type: ignore[attr-defined]
        for key in (name, *aliases):
            _BUILTIN[module, key] = thing
        thing._keras_module = module  # type: ignore[attr-defined]
        return thing

    return register


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Enter a user's class or function, so that files holding it can be loaded.

    Args:
        package: First part of the registered name `package>name`.
        name: Second part; the object's own name by default.
    """

    def register(thing: T) -> T:
        short = name or thing.__name__  # type: ignore[attr-defined]
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise ValueError(
                explain(
                    f"Class '{short}' cannot be registered.",
                    got="a class without `get_config`",
                    fix="add a `get_config` method that returns its arguments",
                )
            )
        key = f"{package}>{short}"
        _CUSTOM[key] = thing
        _CUSTOM_NAMES[thing] = key
        return thing

    return register


def get_registered_name(obj: Any) -> str:
    """Return the name `obj` was registered under, else its own name."""
    return _CUSTOM_NAMES.get(obj, getattr(obj, "__name__", type(obj).__name__))


def get_registered_object(
    name: str,
    custom_objects: dict[str, Any] | None = None,
    module_objects: dict[str, Any] | None = None,
) -> Any | None:
    """Return the class or function registered as `name`, or None.

    Args:
        name: A registered name (`"package>name"`) or a name in the dictionaries.
        custom_objects: Looked into after open scopes.
        module_objects: Looked into last.
    """
    for names in (custom_objects_in_scope(), custom_objects, _CUSTOM, module_objects):
        if names and name in names:
            return names[name]
    return None


def get_custom_objects() -> dict[str, Any]:
    """Return the table of registered classes and functions itself."""
    return _CUSTOM


def known_names(*modules: str) -> list[str]:
    """Return every name a config may use: registered, in scope, and built-in ones.

    Args:
        modules: Keras modules whose built-in names are wanted; all by default.
    """
    builtin = [name for module, name in _BUILTIN if not modules or module in modules]
    return sorted({*builtin, *_CUSTOM, *custom_objects_in_scope()})


def class_key(cls: type) -> tuple[str | None, str, str | None]:
    """Return the (module, class name, registered name) that files hold for a class.

    Built-in classes have Keras's public module and no registered name. A subclass made
    by a user does not inherit its parent's module: it is found by its own name only.
    """
    module = vars(cls).get("_keras_module")
    if cls in _CUSTOM_NAMES:
        return _python_module(cls), cls.__name__, _CUSTOM_NAMES[cls]
    if module is None:
        return _python_module(cls), cls.__name__, cls.__name__
    # Models live in `keras.models`, but the first public name Keras gives them, and so
    # the one in its files, is `keras.Sequential`.
    if module.startswith("keras.src"):  # what has no public name goes by its own
        return module, cls.__name__, cls.__name__
    return ("keras" if module == "keras.models" else module), cls.__name__, None


def _python_module(cls: type) -> str | None:
    return None if cls.__module__ == "__main__" else cls.__module__


def custom_objects_in_scope() -> dict[str, Any]:
    """Return the names made known by the `custom_object_scope`s now open."""
    merged: dict[str, Any] = {}
    for scope in getattr(_SCOPES, "stack", ()):
        merged.update(scope)
    return merged


@contextmanager
def custom_object_scope(custom_objects: dict[str, Any]) -> Iterator[None]:
    """Make names known to every loader inside the `with` block."""
    stack = _SCOPES.__dict__.setdefault("stack", [])
    stack.append(dict(custom_objects))
    try:
        yield
    finally:
        stack.pop()


def find(
    class_name: str,
    module: str | None = None,
    registered_name: str | None = None,
    custom_objects: dict[str, Any] | None = None,
) -> Any | None:
    """Return the class or function a config names, or None if nobody entered it.

    The caller's `custom_objects` win over open scopes, those over registered classes,
    those over built-in ones. With `module=None` a built-in is found by its bare name.
    """
    for names in (custom_objects or {}, custom_objects_in_scope(), _CUSTOM):
        for name in (registered_name, class_name, f"Custom>{class_name}"):
            if name in names:
                return names[name]
    if module is not None:
        return _BUILTIN.get((module, class_name))
    found = [v for (_, name), v in _BUILTIN.items() if name == class_name]
    return found[0] if found else None


def snake_case(name: str) -> str:
    """Return Keras's snake case of a class name (`PReLU` -> `p_re_lu`)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


@functools.cache
def _signature(cls: Any) -> inspect.Signature:
    if cls.__init__ is object.__init__:
        return inspect.signature(lambda self: None)
    return inspect.signature(cls.__init__)


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "kerasish"


def _owner(cls: type, name: str) -> type:
    """Return the class that a method comes from."""
    return next(base for base in cls.__mro__ if name in vars(base))


@functools.cache
def _arguments(cls: type) -> set[str]:
    """Return the arguments that a class's constructor takes, or hands on."""
    owners = [base for base in cls.__mro__ if "__init__" in vars(base)]
    return {name for base in owners for name in _signature(base).parameters}


class Configurable:
    """A class whose config is read off its constructor's signature.

    `get_config` returns the constructor's arguments under their names, in its order:
    the attribute of the same name where there is one (so later changes are seen), else
    the value given. A class with `**kwargs` hands them on to its base class's
    `__init__`, and the base class's arguments come first, as in Keras.
    """

    _init_arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Remember the arguments that the constructor is given."""
        self = super().__new__(cls)
        made: Any = cls
        signature = _signature(made)
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError:
            return self  # __init__ raises the same error, with its own traceback
        bound.apply_defaults()
        given = dict(list(bound.arguments.items())[1:])
        for parameter in signature.parameters.values():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                given.update(given.pop(parameter.name, {}))
        self._init_arguments = given
        return self

    def _refuse_arguments(self, unknown: dict[str, Any]) -> None:
        """Raise a ValueError if there is any argument nobody takes."""
        for name in unknown:
            parameters = [
                parameter
                for cls in type(self).__mro__
                if "__init__" in vars(cls) and cls is not object
                for parameter in _signature(cls).parameters.values()
            ]
            named = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
            known = {p.name for p in parameters if p.kind not in named} - {"self"}
            kind = f"argument of {type(self).__name__}"
            raise ValueError(unknown_name(kind, name, known))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name.

        Where a user's class has a `get_config` of its own, its arguments are its own
        affair: these are then the arguments of the class here that it stands on.
        """
        given = self._init_arguments
        if not _is_ours(_owner(type(self), "get_config")):
            base = next(cls for cls in type(self).__mro__ if _is_ours(cls))
            given = {k: v for k, v in given.items() if k in _arguments(base)}
        return {name: getattr(self, name, value) for name, value in given.items()}

    @classmethod
    def from_config(cls: type[T], config: dict[str, Any]) -> T:
        """Return a new object made from what `get_config` returned."""
        return cls(**config)


class Directory:
    """The named objects of one kind, as `get`, `serialize` and `deserialize` know them.

    Args:
        kind: Word for messages, such as `"activation"`.
        module: Keras's module, such as `"keras.activations"`.
        make_instances: Whether a name or class stands for an instance (`"adam"`) rather
            than for the function of that name (`"relu"`).
    """

    def __init__(self, kind: str, module: str, make_instances: bool) -> None:
        self.kind = kind
        self.module = module
        self.make_instances = make_instances
        self._objects: dict[str, Any] = {}

    def add(self, *aliases: str) -> Callable[[T], T]:
        """Enter a class or function under its name, lower case, snake case, `aliases`.

        Keras knows optimizers by lower case (`"rmsprop"`), all else by snake case.
        """

        def register(thing: T) -> T:
            name = thing.__name__  # type: ignore[attr-defined]
            for key in (name, name.lower(), snake_case(name), *aliases):
                self._objects[key] = thing
            return public(self.module)(thing)

        return register

    def names(self) -> list[str]:
        """Return every name that `get` understands."""
        return sorted(self._objects)

    def lookup(self, name: str, custom_objects: dict[str, Any] | None = None) -> Any:
        """Return the class or function called `name`."""
        custom = find(name, module="", custom_objects=custom_objects)
        found = custom if custom is not None else self._objects.get(name)
        if found is None:
            raise ValueError(unknown_name(self.kind, name, self._objects))
        return found

    def get(self, identifier: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """Return what `identifier` stands for: None, a name, a config, or an object."""
        if identifier is None:
            return None
        if isinstance(identifier, dict):
            return self.deserialize(identifier, custom_objects)
        if isinstance(identifier, str):
            found = self.lookup(identifier, custom_objects)
            return found() if inspect.isclass(found) else found
        if inspect.isclass(identifier) and self.make_instances:
            return identifier()
        if callable(identifier) or isinstance(identifier, Configurable):
            return identifier
        raise ValueError(
            explain(
                f"Cannot understand this {self.kind}.",
                got=f"{identifier!r} of type {type(identifier).__name__}",
                expected="None, a name, a config dict, or a callable",
            )
        )

    def deserialize(
        self, config: Any, custom_objects: dict[str, Any] | None = None
    ) -> Any:
        """Return the object that a name or `{"class_name", "config"}` describes."""
        if not isinstance(config, dict):
            return self.get(config, custom_objects)
        class_name, inner = config.get("class_name"), config.get("config")
        registered = config.get("registered_name")
        if class_name == "function":
            name = inner if registered in (None, "function") else registered
            return self.lookup(str(name), custom_objects)
        found: Any = find(str(class_name), "", registered, custom_objects)
        if found is None:
            found = self.lookup(str(class_name), custom_objects)
        make: Any = getattr(found, "from_config", None)
        return make(inner or {}) if inspect.isclass(found) else found

    def serialize(self, thing: Any) -> Any:
        """Return a built-in function's name, else `{"class_name", "config", ...}`."""
        if thing is None or isinstance(thing, str):
            return thing
        if not isinstance(thing, Configurable) and hasattr(thing, "__name__"):
            name = str(thing.__name__)
            if self._objects.get(name) is thing:
                return name
            name = get_registered_name(thing)
            return {
                "module": "builtins",
                "class_name": "function",
                "config": name,
                "registered_name": "function",
            }
        module, class_name, registered_name = class_key(type(thing))
        return {
            "module": module,
            "class_name": class_name,
            "config": thing.get_config(),
            "registered_name": registered_name,
        }
