// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Distillation
import Foundation
import Scratch
import Training

/// Reads a recipe from a file and from a setting; one that is taken must survive being written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = input(bytes, count)
    let file = place(data, as: "recipe.yaml")
    examine(DistillationRecipe.self, file)
    examine(DistillRecipe.self, file)
    examine(TeacherRecipe.self, file)
    _ = try? TeacherRecipe.resolved(overrides: [String(decoding: data, as: UTF8.self)])
    return 0
}

private func examine<R: Recipe>(_ type: R.Type, _ file: URL) {
    do {
        let recipe = try R.resolved(from: file)
        let copy = try R.resolved(from: place(Data(recipe.yaml().utf8), as: "copy.yaml"))
        precondition(recipe == copy, "a recipe changed as it was written and read")
    } catch {
        _ = "\(error)"
    }
}
