// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections
public import Torch

/// Weights in a format that other programs write.
public struct ForeignWeights {
    /// The formats, told apart by content and not by a file's name.
    public enum Format: String, Sendable {
        /// `torch.save` since PyTorch 1.6: a zip archive with a pickle.
        case torchZip = "torch.save, zip"
        /// `torch.save` before PyTorch 1.6: several pickles and the elements behind them.
        case torchLegacy = "torch.save, legacy"
        /// A pickle that holds all its elements, such as those of EDM.
        case pickle = "pickle"
        /// NumPy's arrays in a zip archive, stored or deflated.
        case numpyArchive = "npz"
        /// One array of NumPy.
        case numpyArray = "npy"
        /// safetensors.
        case safetensors = "safetensors"
    }

    /// The tensors by name, in the order of the file, which is that of a module's `state_dict`.
    public var tensors: OrderedDictionary<String, Tensor>
    /// The format of the file.
    public var format: Format
    /// The module whose state the tensors are, where the file tells.
    public var module: ForeignModule?
    /// The texts that a safetensors file stores along.
    public var metadata: [String: String] = [:]
}
