// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Torch

/// The functions and classes by which PyTorch, and EDM's code upon it, write tensors and modules.
enum TorchGlobals {
    /// All that is described of a file of weights. None is ever called.
    static let all: Set<String> =
        NumPyArray.globals.union(storages.keys).union(dtypes).union(containers).union(modules).union([
            rebuildTensor, rebuildTensorV2, rebuildTensorV3, rebuildParameter, loadFromBytes,
            reconstructObject,
            "torch.Size", "torch.device", "torch.nn.parameter.Parameter",
        ])

    static let rebuildTensor = "torch._utils._rebuild_tensor"
    static let rebuildTensorV2 = "torch._utils._rebuild_tensor_v2"
    /// Of the types that PyTorch has no class of storages for, such as those of eight bits.
    static let rebuildTensorV3 = "torch._utils._rebuild_tensor_v3"
    static let rebuildParameter = "torch._utils._rebuild_parameter"
    static let loadFromBytes = "torch.storage._load_from_bytes"

    /// The function of EDM's module `persistence`, which would run the source text that the file carries.
    static let reconstructObject = "torch_utils.persistence._reconstruct_persistent_obj"

    /// The type of the elements in a storage of each class.
    static let storages: [String: DType] = {
        let names: [(String, DType)] = [
            ("Float", .float32), ("Double", .float64), ("Half", .float16), ("BFloat16", .bfloat16),
            ("Long", .int64), ("Int", .int32), ("Short", .int16), ("Char", .int8), ("Byte", .uint8),
            ("Bool", .bool),
        ]
        return Dictionary(
            uniqueKeysWithValues: ["torch", "torch.cuda"].flatMap { module in
                names.map { ("\(module).\($0.0)Storage", $0.1) }
            })
    }()

    private static let dtypes = DType.allCases.map { "torch.\($0)" }

    private static let containers: Set<String> = [
        "collections.OrderedDict", "collections.defaultdict", "dnnlib.util.EasyDict", "argparse.Namespace",
        "builtins.dict", "builtins.list", "builtins.set", "__builtin__.dict", "__builtin__.list",
        "__builtin__.set",
    ]

    private static let modules: Set<String> = [
        "torch.nn.modules.container.ModuleDict", "torch.nn.modules.container.ModuleList",
        "torch.nn.modules.container.Sequential",
    ]
}
