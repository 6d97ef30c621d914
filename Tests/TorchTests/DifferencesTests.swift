// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import TestSupport
import Testing
import Torch

/// A comparison that cannot fail tests nothing.
@Suite("Comparisons with a fixture")
struct DifferencesTests {
    private let expected = ["a": Tensor([1.0, 2]), "b": Tensor([3.0])]

    @Test("find nothing in equal tensors")
    func equal() {
        #expect(differences(expected, from: expected, tolerance: 1e-12) == [])
    }

    @Test("name what is missing, what nobody asked for, and what is far off")
    func different() {
        let found = ["a": Tensor([1.0, 2.5]), "c": Tensor([3.0])]
        #expect(
            differences(found, from: expected, tolerance: 0.2)
                == ["a differs by 0.25", "b is missing", "c is unexpected"])
        #expect(differences(found, from: [:], tolerance: 1) == ["nothing is expected"])
    }

    @Test("take another shape, and what is not a number, for infinitely far off")
    func incomparable() {
        for other in [Tensor([1.0]), Tensor([1.0, 2], shape: [2, 1]), Tensor([1.0, .nan])] {
            #expect(
                differences(["a": other], from: ["a": Tensor([1.0, 2])], tolerance: 1e9)
                    == ["a differs by inf"])
        }
    }
}
