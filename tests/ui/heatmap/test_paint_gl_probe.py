"""Which path is chosen, by what the machine says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from ui.heatmap import gl_probe, view
from ui.heatmap.gl_probe import AUTO, CPU, GPU, Machine, PathDecision

CARD = Machine("", "NVIDIA GeForce RTX 4070/PCIe/SSE2", "4.6.0 NVIDIA 550.90")
MESA = Machine("", "llvmpipe (LLVM 15.0.6, 256 bits)", "4.5 Mesa 22.3.6", software=True)
OLD = Machine("OpenGL 2.1 is too old (Intel GMA)", "Intel GMA", "2.1")


@pytest.fixture(autouse=True)
def _undecided(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gl_probe, "_decision", gl_probe.UNDECIDED)


@pytest.mark.parametrize(
    ("wish", "machine", "opengl"),
    [
        (AUTO, CARD, True),
        (GPU, CARD, True),
        (CPU, CARD, False),
        (AUTO, MESA, False),
        (GPU, MESA, True),
        (CPU, MESA, False),
        (AUTO, OLD, False),
        (GPU, OLD, False),
    ],
)
def test_a_card_is_used_unless_told_otherwise_and_software_only_when_told(
    wish: str, machine: Machine, opengl: bool
) -> None:
    decision = gl_probe.weigh(wish, machine)
    assert decision.opengl is opengl
    assert decision.reason.endswith(".")
    assert ("as the settings say" in decision.reason) == (wish == CPU or (wish == GPU and opengl))
    if wish != CPU:
        assert machine.renderer in decision.reason
        assert (decision.renderer, decision.version) == (machine.renderer, machine.version)


@pytest.mark.parametrize(
    ("renderer", "software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("softpipe", True),
        ("Google SwiftShader", True),
        ("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)))", True),
        ("GDI Generic", True),
        ("Software Rasterizer", True),
        ("Microsoft Basic Render Driver", True),
        ("D3D12 (Microsoft Basic Render Driver)", True),
        ("virgl (Mesa Intel(R) UHD Graphics)", False),
        ("D3D12 (NVIDIA GeForce RTX 3060)", False),
        ("AMD Radeon RX 6600 (radeonsi, navi23)", False),
        ("Apple M2", False),
    ],
)
def test_a_software_renderer_is_known_by_its_name(renderer: str, software: bool) -> None:
    assert gl_probe.is_software(renderer) is software


def test_a_platform_that_shows_no_opengl_paints_by_the_processor() -> None:
    decision = gl_probe.decide(GPU)
    assert not decision.opengl
    assert "'offscreen'" in decision.reason
    assert gl_probe.current() is decision


def test_the_driver_is_not_asked_when_the_processor_is_wished_or_no_card_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def ask() -> Machine:
        raise AssertionError("the driver was asked")

    monkeypatch.setattr(gl_probe, "ask_machine", ask)
    assert not gl_probe.decide(CPU).opengl
    monkeypatch.setattr(gl_probe, "has_device", lambda: False)
    assert gl_probe.decide(AUTO).reason == (
        "The processor paints: this computer has no graphics card."
    )


def test_a_card_is_found_by_its_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gl_probe.sys, "platform", "linux")
    assert not gl_probe.has_device(tmp_path)
    (tmp_path / "dri").mkdir()
    assert gl_probe.has_device(tmp_path)
    monkeypatch.setattr(gl_probe.sys, "platform", "win32")
    assert gl_probe.has_device(tmp_path / "nowhere")


def test_the_decision_is_logged_once_with_the_driver_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gl_probe, "ask_machine", lambda: CARD)
    with caplog.at_level("INFO"):
        gl_probe.decide(GPU)
    assert [record.getMessage() for record in caplog.records] == [
        f"OpenGL paints on {CARD.renderer}, as the settings say. ({CARD.version})"
    ]


def test_a_view_shows_itself_by_opengl_only_where_that_was_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stand(QWidget):
        """In place of a widget that this platform cannot show."""

    monkeypatch.setattr(view, "GlViewport", Stand)
    assert type(view.ChartView().viewport()) is QWidget
    gl_probe.settle(PathDecision(True, "A test says so."))
    assert type(view.ChartView().viewport()) is Stand
