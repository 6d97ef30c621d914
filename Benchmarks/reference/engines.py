# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
"""One module's forward pass in each engine of Python that users would pick, on the CPU.

Engines that compute a file are given one by `write` and read it by `load`, in two processes, so that what is measured holds no second
network.
"""

import importlib.metadata

import numpy
import torch


class Eager:
    """PyTorch, operator by operator."""

    trains = True
    writes = False

    def run(self, module, inputs):
        return torch.no_grad()(lambda: module(*inputs))

    def prepare(self, module):
        pass


class Compiled(Eager):
    """torch.compile with its default backend."""

    def prepare(self, module):
        module.compile()


class FileEngine:
    """An engine that computes a file, made from the ONNX that PyTorch writes."""

    trains = False
    writes = True

    def write(self, module, inputs, folder):
        numpy.savez(folder / "inputs.npz", *[tensor.numpy() for tensor in inputs])
        names = [f"input{number}" for number in range(len(inputs))]
        with torch.no_grad():
            torch.onnx.export(module.eval(), tuple(inputs), folder / "model.onnx", input_names=names, dynamo=True,
                              external_data=True, verbose=False)
        self.convert(inputs, folder)

    def load(self, folder, threads):
        with numpy.load(folder / "inputs.npz") as stored:
            inputs = [stored[name] for name in stored.files]
        return self.open(folder, inputs, threads)


class ONNXRuntime(FileEngine):
    """ONNX Runtime with all of its optimisations."""

    def convert(self, inputs, folder):
        pass

    def open(self, folder, inputs, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, ["CPUExecutionProvider"])
        feed = {item.name: values for item, values in zip(session.get_inputs(), inputs)}
        return lambda: session.run(None, feed)


class OpenVINO(FileEngine):
    """OpenVINO in float32, for the least time of one request."""

    def convert(self, inputs, folder):
        import openvino

        model = self.changed(openvino.convert_model(folder / "model.onnx"), inputs)
        openvino.save_model(model, folder / "model.xml", compress_to_fp16=False)

    def changed(self, model, inputs):
        return model

    def open(self, folder, inputs, threads):
        import openvino

        core = openvino.Core()
        compiled = core.compile_model(core.read_model(folder / "model.xml"), "CPU", {
            "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"})
        request = compiled.create_infer_request()
        return lambda: request.infer(inputs)


class OpenVINOInt8(OpenVINO):
    """OpenVINO with products of 8-bit integers wherever NNCF puts them, its ranges from the inputs that are timed."""

    def changed(self, model, inputs):
        import nncf

        return nncf.quantize(model, nncf.Dataset([[tensor.numpy() for tensor in inputs]]), subset_size=1)


ENGINES = {"eager": Eager(), "compile": Compiled(), "onnxruntime": ONNXRuntime(), "openvino": OpenVINO(),
           "openvino-int8": OpenVINOInt8()}


def versions(name):
    """What an engine's figures depend on."""
    modules = {"eager": ["torch"], "compile": ["torch"], "onnxruntime": ["onnxruntime"], "openvino": ["openvino"],
               "openvino-int8": ["openvino", "nncf"]}[name]
    return ", ".join(f"{module} {importlib.metadata.version(module)}" for module in modules)
