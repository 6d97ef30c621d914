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

    @Test(
        "that are one of several in a file are chosen by their key, whatever the name of the result",
        arguments: ["out", "out.safetensors"])
    func keys(name: String) throws {
        try Command.withFolder { dmd in
            let file = fixture("weights/two.pt").path
            let refused = try dmd("convert", file, name)
            #expect(refused.status != 0 && !dmd.exists(name))
            #expect(refused.errors.contains("net") && refused.errors.contains("net_ema"), "\(refused.errors)")
            let converted = try dmd("convert", file, name, "--key", "net_ema")
            #expect(converted.status == 0, "\(converted.errors)")
            let expected = try SafetensorsFile(fixture("weights/state.safetensors"))
            let found = try SafetensorsFile(dmd.url(name))
            #expect(Set(found.names) == Set(expected.names))
            for key in found.names {
                #expect(relativeDifference(try found.tensor(key), try expected.tensor(key)) == 0, "\(key)")
            }
            let edm = try dmd("convert", fixture("weights/edm-adm.pkl").path, "teacher", "--key", "ema")
            #expect(edm.status == 0 && edm.output.contains("from pickle: adm"), "\(edm.errors)")
            #expect(try dmd("sample", "--weights", "teacher", "--count", "1").status == 0)
        }
    }

    @Test("that are infinite or no numbers are kept with a warning, also where they are made so by the type")
    func infinite() throws {
        try Command.withFolder { dmd in
            let file = dmd.url("odd.safetensors")
            try SafetensorsFile.write(
                [
                    "fine": .ones([2]), "large": Tensor([1e6, 1]), "none": .zeros([0, 2]),
                    "whole": Tensor([3]),
                ], to: file)
            let kept = try dmd("convert", "odd.safetensors", "a.safetensors")
            #expect(kept.status == 0 && !kept.errors.contains("infinite"), "\(kept.errors)")
            let half = try dmd("convert", "odd.safetensors", "b.safetensors", "--dtype", "float16")
            #expect(
                half.status == 0 && half.errors.contains("1 of 4 tensors, such as large,"), "\(half.errors)")
        }
    }

    @Test("are found in the home folder behind an equals sign")
    func home() throws {
        try Command.withFolder { dmd in
            let missing = try dmd("sample", "--weights=~/no-such-weights.safetensors")
            #expect(
                missing.status != 0
                    && missing.errors.contains("\(NSHomeDirectory())/no-such-weights.safetensors"),
                "\(missing.errors)")
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
