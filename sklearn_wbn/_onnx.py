"""A folded network as an ONNX graph, with the outputs of skl2onnx classifiers.

Written node by node: torch's own exporter needs more packages, and knows nothing of
labels.
"""

import math
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

# Runtimes from 2022 on read these.
_OPSET = 17
_IR_VERSION = 8


def onnx_model(network: nn.Sequential, classes: NDArray[Any]) -> "ModelProto":
    """Write a folded network as an ONNX model.

    Parameters
    ----------
    network : nn.Sequential
        From `WBNMLP.folded`: affine maps and activations in turn.
    classes : ndarray of shape (n_classes,)
        Labels.

    Returns
    -------
    onnx.ModelProto
        Model with the input ``X``, float32 of shape (n, n_features), and the outputs
        ``label`` and ``probabilities``. It computes in the network's precision.

    Raises
    ------
    ImportError
        If onnx is not installed.
    TypeError
        If the labels are neither integers nor strings.
    """
    labels = onnx_labels(classes)
    onnx = _import_onnx()
    graph = _Graph(onnx, _dtype(network))
    h = graph.add("Cast", "X", to=graph.type_of(graph.dtype))
    for layer in network:
        h = _add_layer(graph, layer, h)
    proba = graph.add("Softmax", h, axis=1)
    graph.add(
        "Cast", proba, output="probabilities", to=graph.type_of(np.dtype(np.float32))
    )
    code = graph.add("ArgMax", h, axis=1, keepdims=0)
    graph.add("Gather", graph.constant(labels), code, output="label", axis=0)
    return graph.model(next(network.parameters()).shape[1], labels)


def onnx_labels(classes: NDArray[Any]) -> NDArray[Any]:
    """Return labels as ONNX holds them: int64 or strings.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels.

    Returns
    -------
    ndarray of shape (n_classes,)
        int64 for booleans and whole numbers, object for strings.

    Raises
    ------
    TypeError
        If the labels are something else.
    """
    if classes.dtype.kind in "US" or all(isinstance(c, str) for c in classes):
        return classes.astype(str).astype(object)
    whole = classes.astype(np.int64) if classes.dtype.kind in "biuf" else None
    if whole is None or not np.array_equal(whole, classes):
        raise TypeError(
            f"export_onnx needs labels that are strings or whole numbers, "
            f"got {classes.tolist()}"
        )
    return whole


@dataclass(slots=True)
class _Graph:
    """Nodes and constants, with names made up on the way."""

    onnx: ModuleType
    dtype: np.dtype[Any]
    nodes: list["NodeProto"] = field(default_factory=list)
    constants: list["TensorProto"] = field(default_factory=list)

    def add(self, op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node; return the name of its output."""
        output = output or f"{op.lower()}_{len(self.nodes)}"
        node = self.onnx.helper.make_node(op, inputs, [output], **attributes)
        self.nodes.append(node)
        return output

    def constant(self, value: Any) -> str:
        """Add a constant; return its name."""
        name = f"constant_{len(self.constants)}"
        array = np.asarray(value)
        array = array.astype(self.dtype) if array.dtype.kind == "f" else array
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def type_of(self, dtype: np.dtype[Any]) -> int:
        """Return ONNX's number of a type."""
        number: int = self.onnx.helper.np_dtype_to_tensor_dtype(dtype)
        return number

    def model(self, n_features: int, labels: NDArray[Any]) -> "ModelProto":
        """Close the graph."""
        helper, types = self.onnx.helper, self.onnx.TensorProto
        label_type = types.STRING if labels.dtype == object else types.INT64
        info = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes,
            "WBNMLPClassifier",
            inputs=[info("X", types.FLOAT, ["n", n_features])],
            outputs=[
                info("label", label_type, ["n"]),
                info("probabilities", types.FLOAT, ["n", len(labels)]),
            ],
            initializer=self.constants,
        )
        model = helper.make_model(
            graph,
            producer_name="sklearn_wbn",
            ir_version=_IR_VERSION,
            opset_imports=[helper.make_opsetid("", _OPSET)],
        )
        self.onnx.checker.check_model(model, full_check=True)
        return model  # type: ignore[no-any-return]


def _add_layer(graph: _Graph, layer: nn.Module, x: str) -> str:
    if isinstance(layer, nn.Linear):
        weight, bias = (
            graph.constant(p.detach().cpu().numpy()) for p in (layer.weight, layer.bias)
        )
        return graph.add("Gemm", x, weight, bias, transB=1)
    if isinstance(layer, nn.Identity):
        return x
    if isinstance(layer, nn.GELU | nn.SiLU):
        return _add_gated(graph, layer, x)
    op = {nn.Tanh: "Tanh", nn.ReLU: "Relu", nn.Sigmoid: "Sigmoid"}[type(layer)]
    return graph.add(op, x)


def _add_gated(graph: _Graph, layer: nn.Module, x: str) -> str:
    """Add `x / 2 (1 + g)`; g is `erf(x / sqrt(2))` in GELU, `tanh(x / 2)` in SiLU.

    onnxruntime has erf in float32 only, and its older versions turn `x sigmoid(x)`
    into an operator that it has in float32 only.
    """
    half = graph.add("Mul", x, graph.constant(0.5))
    if isinstance(layer, nn.SiLU):
        gate = graph.add("Tanh", half)
    else:
        scaled = graph.add("Mul", x, graph.constant(math.sqrt(0.5)))
        single = graph.type_of(np.dtype(np.float32))
        erf = graph.add("Erf", graph.add("Cast", scaled, to=single))
        gate = graph.add("Cast", erf, to=graph.type_of(graph.dtype))
    return graph.add("Mul", half, graph.add("Add", gate, graph.constant(1.0)))


def _dtype(network: nn.Sequential) -> np.dtype[Any]:
    return next(network.parameters()).detach().cpu().numpy().dtype


def _import_onnx() -> ModuleType:
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "export_onnx needs the package onnx: pip install 'sklearn-wbn[onnx]'"
        ) from error
    import onnx.checker
    import onnx.helper
    import onnx.numpy_helper

    return onnx
