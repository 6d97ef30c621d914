// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Testing

/// The architecture: what each folder of `Sources` may import of the others. CONTRIBUTING.md explains it.
private let allowedImports: [String: Set<String>] = [
    "LibTorch": [], "LibPNG": [], "LibJPEG": [], "LibWebP": [], "LibZip": [],
    "CTorch": ["LibTorch"],
    "CArchives": ["LibZip"],
    "CImages": ["LibPNG", "LibJPEG", "LibWebP"],
    "Files": [],
    "Archives": ["CArchives", "Files"],
    "Torch": ["CTorch"],
    "Weights": ["Torch", "Archives", "Files"],
    "Images": ["Torch", "Archives", "Files", "CImages"],
    "Encoders": ["Torch", "Weights", "Archives", "Files"],
    "Diffusion": ["Torch"],
    "Models": ["Torch", "Diffusion", "Encoders", "Weights", "Files"],
    "Training": ["Torch", "Weights", "Files"],
    "Distillation": ["Torch", "Weights", "Files", "Diffusion", "Training"],
    "Evaluation": ["Torch", "Encoders", "Weights", "Images", "Archives", "Files"],
    "Export": ["Torch", "Diffusion", "Models", "Encoders", "Weights", "Files"],
    "DMDKit": [
        "Torch", "Files", "Archives", "Weights", "Images", "Encoders", "Diffusion", "Models", "Training",
        "Distillation", "Evaluation", "Export",
    ],
    "Server": ["DMDKit"],
    "dmd": ["DMDKit", "Server"],
]

/// The modules that a source file imports, in any form: with attributes, an access level, or a single declaration.
private func importedModules(of source: String) -> [String] {
    let statement =
        #/
        ^ \h* (?: @\w+ (?: \( [^)\n]* \) )? \s+ )*
        (?: (?: public | package | internal | fileprivate | private ) \s+ )?
        import \s+
        (?: (?: struct | class | enum | protocol | typealias | func | let | var ) \s+ )?
        (\w+)
        /#
    return source.matches(of: statement.anchorsMatchLineEndings()).map { String($0.1) }
}

private func isAllowed(_ imported: String, in module: String) -> Bool {
    imported == module || allowedImports[imported] == nil
        || allowedImports[module, default: []].contains(imported)
}

@Suite("Import rules")
struct ImportRulesTests {
    private static let sources = URL(filePath: #filePath).appending(path: "../../../Sources")
        .standardizedFileURL

    @Test("every folder of Sources has its rule")
    func everyModuleHasItsRule() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
        #expect(Set(folders.filter { !$0.hasPrefix(".") }) == Set(allowedImports.keys))
    }

    @Test("a module imports only what the architecture allows", arguments: allowedImports.keys.sorted())
    func moduleImportsOnlyWhatIsAllowed(module: String) throws {
        let files = FileManager.default.enumerator(
            at: Self.sources.appending(path: module), includingPropertiesForKeys: nil)
        for case let file as URL in try #require(files) where file.pathExtension == "swift" {
            for imported in importedModules(of: try String(contentsOf: file, encoding: .utf8)) {
                #expect(
                    isAllowed(imported, in: module), "\(module)/\(file.lastPathComponent) imports \(imported)"
                )
            }
        }
    }

    @Test("forbidden imports are recognised in every form")
    func forbiddenImportsAreRecognised() {
        let source = """
            // import Training
            import Foundation
            public import Torch
            @preconcurrency internal import Diffusion
            @_spi(Testing) import Evaluation
            import struct Distillation.PairSet
            """
        let imported = importedModules(of: source)
        #expect(imported == ["Foundation", "Torch", "Diffusion", "Evaluation", "Distillation"])
        #expect(imported.filter { !isAllowed($0, in: "Evaluation") } == ["Diffusion", "Distillation"])
    }
}
