"""A manifest says how a system is started, and a wrong one says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.systems.gateway_manifest import GatewayManifest
from harness.systems.manifest import ClientManifest, UnreadableManifest, command_of, load_manifest


def written(folder: Path, text: str) -> Path:
    path = folder / "my-client.yaml"
    path.write_text(text)
    return path


def test_a_client_runs_in_the_folder_of_its_manifest(tmp_path: Path) -> None:
    path = written(tmp_path, "kind: client\ncommand: [node, adapter.mjs]\nenv: {DEBUG: '1'}\n")
    manifest = load_manifest(path)
    assert isinstance(manifest, ClientManifest)
    command = command_of(manifest, path)
    assert (command.name, command.argv, command.cwd) == ("my-client", ("node", "adapter.mjs"), tmp_path)
    assert command.env == {"DEBUG": "1"}


def test_its_name_and_folder_may_be_given(tmp_path: Path) -> None:
    path = written(tmp_path, "{kind: client, name: other, command: [x], cwd: ..}")
    manifest = load_manifest(path)
    assert isinstance(manifest, ClientManifest)
    command = command_of(manifest, path)
    assert command.name == "other"
    assert command.cwd is not None
    assert command.cwd.resolve() == tmp_path.parent


def test_a_gateway_is_recognised(tmp_path: Path) -> None:
    text = "{kind: gateway, command: [x], upstream: gemini, serves: [ollama]}"
    manifest = load_manifest(written(tmp_path, text))
    assert isinstance(manifest, GatewayManifest)
    assert (manifest.upstream, [*manifest.serves]) == ("gemini", ["ollama"])
    assert (manifest.processes, manifest.slots, manifest.cases_at_once, manifest.model_of(1)) == (1, 1, 1, "")


def test_a_gateway_says_where_it_serves_what_and_how_its_slots_are_reached(tmp_path: Path) -> None:
    text = """
    kind: gateway
    command: ["{{ bin }}/x", "{{ port }}"]
    upstream: gemini
    serves: {ollama: , openai-chat: {path: /openai, model: "chat-{{ slot }}", features: [usage]}}
    slots: 5
    model: "m{{ slot }}"
    """
    manifest = load_manifest(written(tmp_path, text))
    assert isinstance(manifest, GatewayManifest)
    assert manifest.serves["openai-chat"].path == "/openai"
    assert (manifest.model_of(2), manifest.model_of(2, "ollama"), manifest.model_of(2, "openai-chat")) == (
        *("m2", "m2"),
        "chat-2",
    )
    assert manifest.cases_at_once == 3


GATEWAY = "kind: gateway, command: [x], upstream: gemini, serves: [ollama]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: client", "command: Field required"),
        ("{kind: client, command: []}", "command: Tuple should have at least 1 item"),
        ("{kind: klient, command: [x]}", "the manifest: Input tag 'klient'"),
        ("{kind: client, command: [x], comand: y}", "comand: Extra inputs are not permitted"),
        ("{kind: client, command: [x], env: {DEBUG: on}}", "DEBUG is True to YAML; put quotes around it"),
        ("{kind: gateway, command: [x], upstream: openai, serves: [ollama]}", "unknown dialect 'openai'"),
        (f"{{{GATEWAY}, slots: 2}}", "the manifest: several slots need a `model` that tells them apart"),
        (f"{{{GATEWAY}, slots: 2, model: m}}", "the manifest: `model` is 'm' for every slot; use {{ slot }} in it"),
        (f"{{{GATEWAY}, model: '{{{{ slott }}}}'}}", "'slott' is undefined (a template here may use slot)"),
        (
            f"{{{GATEWAY}, config: {{c: '{{{{ prot }}}}'}}}}",
            "config.c: 'prot' is undefined (a template here may use api",
        ),
        (f"{{{GATEWAY}, config: {{/etc/c: x}}}}", "config: '/etc/c' must be a path below its HOME"),
        (f"{{{GATEWAY}, config: {{../c: x}}}}", "config: '../c' must be a path below its HOME"),
        (f"{{{GATEWAY}, features: [speed]}}", "unknown feature 'speed'; the features are retries, "),
        (f"{{{GATEWAY}, ready: {{path: health}}}}", "ready.path: 'health' must begin with a slash"),
        (f"{{{GATEWAY}, requires: {{python: ['a b']}}}}", "requires.python: 'a b' is no requirement"),
        (f"{{{GATEWAY}, requires: {{node: new}}}}", "requires.node: Invalid specifier: 'new'; write it as '>=3.12'"),
        (
            "{kind: gateway, command: [x], upstream: gemini, serves: {ollama: {path: v1}}}",
            "serves.ollama.path: 'v1' must",
        ),
        ("- a list", "the manifest: "),
        ("kind: [", "not YAML"),
    ],
)
def test_a_wrong_manifest_names_the_file_and_the_field(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UnreadableManifest) as caught:
        load_manifest(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_a_manifest_that_is_not_there_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UnreadableManifest, match=r"cannot be read: .*No such file"):
        load_manifest(tmp_path / "none.yaml")
