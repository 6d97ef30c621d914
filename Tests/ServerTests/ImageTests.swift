// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import Images
import TestSupport
import Testing

extension ServerTests {
    @Suite("Images over HTTP")
    struct ImageTests {
        /// The pictures of `Sample`, which `dmd sample` runs.
        private func samples(_ change: (inout Sample) -> Void) async throws -> [Image] {
            var images: [Image] = []
            try await withTemporaryFolder { folder in
                var job = Sample(out: folder.appending(path: "images", directoryHint: .isDirectory))
                change(&job)
                _ = try await job.result()
                images = try job.out.contents.filter { $0.hasSuffix(".png") }.map {
                    try Image(contentsOf: job.out.appending(path: $0))
                }
            }
            return images
        }

        @Test("are those of the same seed, pixel for pixel", arguments: [nil, 3])
        func samePixels(label: Int?) async throws {
            let expected = try await samples { ($0.count, $0.seed, $0.label) = (6, 11, label) }
            let slow = try await samples {
                ($0.count, $0.seed, $0.label, $0.sampling.steps) = (2, 11, label, 4)
                $0.weights = bundledTeacher
            }
            try await withServer(try await Bundled.both) { client in
                let field = label.map { ", \"class\": \($0)" } ?? ""
                let answer = try await client.post("/api/images", "{\"seed\": 11, \"count\": 6\(field)}")
                    .object()
                #expect(try files(answer["images"]).map { try Image(decoding: $0) } == expected)
                #expect(answer["evaluations"] as? Int == 1)
                let teacher = try await client.post(
                    "/api/images",
                    "{\"model\": \"fashion-mnist-teacher\", \"seed\": 11, \"count\": 2, \"steps\": 4\(field)}"
                ).object()
                #expect(try files(teacher["images"]).map { try Image(decoding: $0) } == slow)
                #expect(teacher["evaluations"] as? Int == 7)
            }
        }

        private var bundledTeacher: URL {
            URL(filePath: #filePath).appending(
                path: "../../../Sources/DMDKit/Resources/fashion-mnist-teacher.safetensors"
            )
            .standardizedFileURL
        }

        @Test("of a model of text are those of the same prompt and seed")
        func text() async throws {
            let expected = try await samples {
                ($0.weights, $0.count, $0.seed) = (fixture("stable-diffusion"), 2, 7)
                $0.text = TextSettings(["ab c"])
                $0.sampling.steps = 3
            }
            try await withServer([try await Bundled.text.value]) { client in
                let answer = try await client.post(
                    "/api/images", #"{"prompt": "ab c", "seed": 7, "count": 2, "steps": 3}"#)
                let pictures = try files(try answer.object()["images"])
                #expect(try pictures.map { try Image(decoding: $0) } == expected)
                let notes = try Image.text(decoding: pictures[0])
                #expect(notes.map(\.key) == ["model", "prompt", "seed"] && notes[1].value == "ab c")
                let size = try await client.post(
                    "/v1/images/generations", #"{"prompt": "a", "size": "24x16", "steps": 1}"#)
                let png = try #require(
                    ((try size.object()["data"] as? [[String: Any]])?.first?["b64_json"] as? String)
                        .flatMap { Data(base64Encoded: $0) })
                #expect(try Image(decoding: png).width == 24)
                for (body, words) in [
                    (#"{"seed": 1}"#, "`prompt` is missing"),
                    (#"{"prompt": "a", "width": 16000}"#, "`size` is"),
                    (#"{"prompt": "a", "width": 17}"#, "multiples of"),
                    (#"{"prompt": "a", "class": 1}"#, "`class` belongs"),
                    (#"{"prompt": "a\u0000b"}"#, "zero character"),
                    (#"{"prompt": "a", "guidance": 0.1}"#, "at least 1"),
                ] {
                    let refused = try await client.post("/api/images", body)
                    #expect(refused.status == 400 && refused.text.contains(words), "\(refused.text)")
                }
            }
        }

        @Test("walk from the noise of one seed to that of another")
        func blend() async throws {
            try await withServer(try await Bundled.both) { client in
                func pixels(_ fields: String) async throws -> [UInt8] {
                    let answer = try await client.post("/api/images", "{\(fields), \"class\": 1}").object()
                    return try Image(decoding: try files(answer["images"])[0]).pixels
                }
                let (one, other) = (try await pixels("\"seed\": 1"), try await pixels("\"seed\": 2"))
                #expect(try await pixels("\"seed\": 1, \"toward\": 2, \"fraction\": 0") == one)
                #expect(try await pixels("\"seed\": 1, \"toward\": 2, \"fraction\": 1") == other)
                #expect(try await pixels("\"seed\": 1, \"toward\": 1, \"fraction\": 0.5") == one)
                let middle = try await pixels("\"seed\": 1, \"toward\": 2, \"fraction\": 0.5")
                #expect(middle != one && middle != other)
                let far = try await client.post("/api/images", #"{"seed": 1, "toward": 2, "fraction": 1.5}"#)
                #expect(far.status == 400 && far.text.contains("`fraction` is 1.5: give 0 to 1."))
            }
        }

        @Test(
            "that cannot be are refused in a sentence",
            arguments: [
                ("{", "The body is no JSON object"), ("[]", "The body is no JSON object"),
                (#"{"seed": "x"}"#, "`seed` must be a whole number."), (#"{"seed": -1}"#, "out of its range"),
                (#"{"class": 10}"#, "`class` is 10: fashion-mnist-generator has the classes 0 to 9."),
                (#"{"steps": 2}"#, "`steps` is 2: fashion-mnist-generator takes 1."),
                (#"{"count": 65}"#, "`count` is 65: give 1 to 64."), (#"{"count": 0}"#, "`count` is 0"),
                (#"{"prompt": "a"}"#, "`prompt` means nothing to fashion-mnist-generator"),
                (#"{"model": "fashion-mnist-teacher", "steps": 1000}"#, "this server takes 1 to 200"),
            ])
        func refusals(body: String, words: String) async throws {
            try await withServer(try await Bundled.both) { client in
                let answer = try await client.post("/api/images", body)
                #expect(answer.status == 400)
                let error = try #require(try answer.object()["error"] as? [String: Any])
                #expect((error["message"] as? String)?.contains(words) == true, "\(answer.text)")
                #expect(error["type"] as? String == "invalid_request_error")
            }
        }
    }
}
