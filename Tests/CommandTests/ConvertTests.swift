// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Converted weights")
struct ConvertTests {
    @Test(
        "of EDM's networks are teachers at once",
        arguments: [
            ("edm-ddpmpp", UNetArchitecture.ddpmpp, PreconditioningDescription.edm(.init())),
            ("edm-ncsnpp", .ncsnpp, .ve(.init())), ("edm-adm", .adm, .edm(.init())),
        ])
    func teachers(name: String, arch: UNetArchitecture, scalings: PreconditioningDescription) throws {
        try Command.withFolder { dmd in
            let converted = try dmd("convert", fixture("weights/\(name).pkl").path, "converted.safetensors")
            #expect(converted.status == 0 && converted.output.contains("from pickle: \(arch.rawValue), "))
            let denoiser = try loadDenoiser(at: dmd.url("converted.safetensors"))
            let description = try #require(DenoiserDescription(of: denoiser))
            #expect(description.network.arch == arch && description.preconditioning == scalings)
            let expected = try SafetensorsFile(fixture("weights/\(name).safetensors"))
            for (path, tensor) in denoiser.state {
                #expect(relativeDifference(tensor, try expected.tensor(path)) == 0, "\(path)")
            }
            #expect(try dmd("sample", "--weights", "converted.safetensors", "--count", "2").status == 0)
            #expect(dmd.exists("samples.png"))
        }
    }

    @Test("of other networks are kept as they are")
    func others() throws {
        try Command.withFolder { dmd in
            let converted = try dmd("convert", fixture("weights/plain.pt").path, "plain.safetensors")
            #expect(converted.status == 0)
            #expect(converted.output.contains("of no network that is a teacher by itself"))
        }
    }
}
