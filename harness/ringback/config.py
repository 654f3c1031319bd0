"""What ``ringback.toml`` may say, typed; every field has the lab's own value.

An unknown key or a wrong type is refused with file and line, for a misspelt word that
is silently ignored would make a test of something else.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ringback.faults import Misuse
from ringback.values import Contact, Role, Security
from ringback.wire.certificates import in_a_labels

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whatever has its own table in the file."""


class Named(Part, frozen=True, kw_only=True):
    """``name`` is what its certificate proves; in whatever script it is written, it is
    said as A-labels (RFC 5890 §2.3.2.1), for SIP and certificates know no other."""

    name: str

    def __post_init__(self) -> None:
        if not self.name.isascii():
            msgspec.structs.force_setattr(self, "name", in_a_labels(self.name))


class Place(Named, frozen=True, kw_only=True):
    """Where a SIP party listens."""

    host: str = "127.0.0.1"
    port: Port = 5060
    secured_port: Port = 5061


class Worker(Place, frozen=True, kw_only=True):
    """A UM worker process: it takes the calls that the service redirects.

    An empty ``host`` is the service's.
    """

    host: str = ""


class Peering(Place, frozen=True, kw_only=True):
    """A UM IP gateway as the UM knows it (facts §4.8: OutcallsAllowed)."""

    outcalls_allowed: bool = True


class Um(Place, frozen=True, kw_only=True):
    """The UM service and its workers; times in seconds."""

    name: str = "um.ringback.test"
    workers: tuple[Worker, ...] = (
        Worker(name="um-1.ringback.test", port=5065, secured_port=5066),
        Worker(name="um-2.ringback.test", port=5067, secured_port=5068),
    )
    gateways: tuple[Peering, ...] = (
        Peering(name="gateway.ringback.test", port=5080, secured_port=5081),
    )
    max_calls: Annotated[int, msgspec.Meta(ge=0, le=200)] = 100
    call_limit: float = 1800.0
    no_answer: float = 30.0
    session_expires: Annotated[int, msgspec.Meta(ge=0, le=86400)] = 0
    media_ports: tuple[Port, Port] = (20000, 29999)

    @property
    def crew(self) -> tuple[Worker, ...]:
        """The workers, each with the host it sits on."""
        replace = msgspec.structs.replace
        return tuple(replace(w, host=w.host or self.host) for w in self.workers)


class Cas(Named, frozen=True, kw_only=True):
    name: str = "cas.ringback.test"
    host: str = "127.0.0.1"
    https_port: Port = 8443
    sip_port: Port = 5070
    sip_secured_port: Port = 5071


class Gateway(Place, frozen=True, kw_only=True):
    """``phones`` maps a number to a SIP URI; "*" is every other number."""

    name: str = "gateway.ringback.test"
    port: Port = 5080
    secured_port: Port = 5081
    phone_port: Port = 5085
    phones: dict[str, str] = msgspec.field(
        default_factory=lambda: {"*": "sip:phone.ringback.test:5090;transport=tcp"}
    )
    channels: int = 100
    media_ports: tuple[Port, Port] = (30000, 39999)


class Phone(Place, frozen=True, kw_only=True):
    name: str = "phone.ringback.test"
    port: Port = 5090
    secured_port: Port = 5091
    media_ports: tuple[Port, Port] = (40000, 49999)


class Rule(Part, frozen=True, kw_only=True):
    """A dialing rule of the dial plan (facts §6.2)."""

    name: str
    mask: str
    dialed: str
    comment: str = ""


class Plan(Part, frozen=True, kw_only=True):
    """The UM dial plan (facts §6.1, §6.2)."""

    uri_type: str = "TelExtn"
    digits: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    outside_line: str = "9"
    international_code: str = "011"
    national_prefix: str = "1"
    country_code: str = "1"
    version: str = "2007"
    in_country: tuple[Rule, ...] = (
        Rule(name="anywhere", mask="+1206555xxxx", dialed="+1206555xxxx"),
    )
    international: tuple[Rule, ...] = (
        Rule(name="overseas", mask="+4420*", dialed="+4420*"),
    )


class Policy(Part, frozen=True, kw_only=True):
    """A UM mailbox policy: which rule groups and extensions its users may dial."""

    name: str = "default"
    in_country: tuple[str, ...] = ("anywhere",)
    international: tuple[str, ...] = ("overseas",)
    extensions: bool = True
    subscribers: bool = True
    play_on_phone: bool = True


class Stored(Part, frozen=True, kw_only=True):
    """A message of a mailbox that is not ours, and which of the samples it stands for.

    ``id`` is what EWS calls it, ``entry_id`` what the 2007 dialect does, if otherwise.
    ``sound`` is a file with what is stored; empty: the sample's own sound is.
    """

    name: str
    id: str
    entry_id: str = ""
    sound: str = ""


class Account(Part, frozen=True, kw_only=True):
    """A user of the samples, with the password of the variable ``password_env``.

    ``login`` and ``messages`` say who that is on a CAS under test.
    """

    name: str
    password_env: str = ""
    login: str = ""
    messages: tuple[Stored, ...] = ()


class Dialled(Part, frozen=True, kw_only=True):
    """What is typed on a CAS under test where a scenario wants ``number`` called, and
    what the gateway must then be asked for."""

    number: str
    typed: str = ""
    dialled: str = ""


class Trust(Part, frozen=True, kw_only=True):
    """``roots`` are PEM files trusted beside the lab's own root; ``names`` further
    FQDNs on the list of trusted peers (facts §4.9)."""

    roots: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Statement(Part, frozen=True, kw_only=True):
    """What the vendor says of the system under test (ICS and IXIT).

    The numbers are dialled to reach a phone that behaves so; an empty one means the
    vendor has none, and the cases that need it stay not-tested.
    """

    answers: str = "+12065550123"
    busy: str = ""
    silent: str = ""
    unknown: str = ""
    redirects: str = ""
    mutual_tls: bool = True
    srtp: bool = True
    telephone_event: bool = True
    sends_keys: bool = False
    hangs_up: bool = False
    options: bool = True
    ews: bool = True
    umws: bool = True
    ringback_binding: bool = False
    tls_profile: Literal["modern", "era-2007"] = "modern"
    revocation: bool = False


class Config(Part, frozen=True, kw_only=True):
    """The whole file. ``timer_scale`` shortens the reference roles' timers."""

    security: Security = Security.UNSECURED
    contact: Contact = Contact.AUTO
    timer_scale: Annotated[float, msgspec.Meta(gt=0, le=10)] = 1.0
    lab: str = ""  # a directory made by `ringback lab init`
    mailbox: str = ""  # an SQLite file; empty is the lab's own, in memory
    um: Um = Um()
    cas: Cas = Cas()
    gateway: Gateway = Gateway()
    phone: Phone = Phone()
    dial_plan: Plan = Plan()
    policies: tuple[Policy, ...] = (
        Policy(),
        Policy(name="extensions-only", in_country=(), international=()),
    )
    users: tuple[Account, ...] = ()
    numbers: tuple[Dialled, ...] = ()
    trust: Trust = Trust()
    resolve: dict[str, str] = {}
    sut: dict[Role, str] = {}
    statement: Statement = Statement()

    def __post_init__(self) -> None:
        """Names are looked up as they are said."""
        if not all(map(str.isascii, self.resolve)):
            known = {in_a_labels(name): host for name, host in self.resolve.items()}
            msgspec.structs.force_setattr(self, "resolve", known)


def load(path: Path) -> Config:
    """Read a ``ringback.toml``; Misuse names the file and the line.

    Paths in it are relative to the file; in the outcome they start where it does.
    """
    try:
        text = path.read_text()
    except OSError as trouble:
        raise Misuse(f"{path}: {trouble.strerror or trouble}") from trouble
    except UnicodeDecodeError as trouble:
        raise Misuse(f"{path}: not a text in UTF-8") from trouble
    try:
        return _beside(path, msgspec.toml.decode(text, type=Config))
    except msgspec.ValidationError as trouble:
        line = _line_of(text, str(trouble))
        raise Misuse(f"{path}:{line}: {_plain(str(trouble))}") from trouble
    except msgspec.DecodeError as trouble:
        raise Misuse(f"{path}: {trouble}") from trouble


def _beside(path: Path, config: Config) -> Config:
    def placed(name: str) -> str:
        return str(path.parent / name) if name else ""

    replace = msgspec.structs.replace
    users = tuple(
        replace(
            user,
            messages=tuple(replace(m, sound=placed(m.sound)) for m in user.messages),
        )
        for user in config.users
    )
    return replace(
        config,
        users=users,
        lab=placed(config.lab),
        mailbox=placed(config.mailbox),
        trust=replace(config.trust, roots=tuple(map(placed, config.trust.roots))),
    )


def _plain(why: str) -> str:
    """msgspec speaks of objects and ``$``; a reader knows keys and tables."""
    why = why.replace("Object contains unknown field", "unknown key")
    return re.sub(r" - at `\$\.?(.*?)`", r" in [\1]", why).replace(" in []", "")


def _line_of(text: str, why: str) -> int:
    """The line that the complaint means: the key, or at least its table."""
    found = re.search(r"at `\$\.?([^`]*)`", why)
    path = re.sub(r"\[[^\]]*\]", "", found[1]).split(".") if found else []
    unknown = re.search(r"unknown field `([^`]+)`", why)
    *tables, key = [*path, unknown[1]] if unknown else path or [""]
    table, heading = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]\s]+)\s*\]+", line):
            table = header[1]
            if table == ".".join([*tables, key]):
                heading = number
        elif table == ".".join(t for t in tables if t) and re.match(
            rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line
        ):
            return number
    return heading
