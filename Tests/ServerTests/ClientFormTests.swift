// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import Images
import Testing

extension ServerTests {
    @Suite("The forms of other programs' requests")
    struct ClientFormTests {
        @Test("OpenAI's: images as base64 and by address, models, and errors")
        func openAI() async throws {
            try await withServer(try await Bundled.both) { client in
                let models = try await client.request("GET", "/v1/models").object()
                let names = (models["data"] as? [[String: Any]])?.compactMap { $0["id"] as? String }
                #expect(names == ["fashion-mnist-generator", "fashion-mnist-teacher"])
                #expect(try await client.request("GET", "/v1/models/fashion-mnist-teacher").status == 200)
                #expect(try await client.request("GET", "/v1/models/dall-e-3").status == 404)

                let path = "/v1/images/generations"
                let encoded = try await client.post(
                    path, #"{"prompt": "sneaker", "n": 2, "size": "28x28", "seed": 5}"#)
                let pictures = try files(
                    (try encoded.object()["data"] as? [[String: Any]])?.map {
                        $0["b64_json"] as? String ?? ""
                    })
                let own = try await client.post("/api/images", #"{"class": 7, "count": 2, "seed": 5}"#)
                #expect(try files(try own.object()["images"]) == pictures)

                let linked = try await client.post(
                    path, #"{"prompt": "7", "seed": 5, "response_format": "url"}"#)
                let address = try #require(
                    (try linked.object()["data"] as? [[String: Any]])?.first?["url"] as? String)
                let prefix = "http://127.0.0.1:\(client.port)"
                try #require(address.hasPrefix("\(prefix)/v1/images/files/"))
                let fetched = try await client.request("GET", String(address.dropFirst(prefix.count)))
                #expect(fetched.body == pictures[0] && fetched.headers["content-type"] == "image/png")
                #expect(try await client.request("GET", "/v1/images/files/nothing.png").status == 404)

                for (body, parameter, words) in [
                    (#"{"n": 1}"#, "prompt", "`prompt` is missing."),
                    (
                        #"{"prompt": "corgi"}"#, "prompt",
                        "give the number or the name of one: 0 (T-shirt/top)"
                    ),
                    (#"{"prompt": "1", "size": "512x512"}"#, "size", "makes images of 28x28"),
                    (#"{"prompt": "1", "size": "big"}"#, "size", "give one such as 512x512, or auto"),
                    (#"{"prompt": "1", "n": 100}"#, "n", "give 1 to 64"),
                    (
                        #"{"prompt": "1", "response_format": "jpeg"}"#, "response_format",
                        "give b64_json or url"
                    ),
                    (#"{"prompt": "1", "model": "dall-e-3"}"#, "model", "There is no model 'dall-e-3' here"),
                ] {
                    let answer = try await client.post(path, body)
                    let error = try #require(try answer.object()["error"] as? [String: Any])
                    #expect(error["param"] as? String == parameter, "\(answer.text)")
                    #expect((error["message"] as? String)?.contains(words) == true, "\(answer.text)")
                }
            }
        }

        @Test("A1111's: seeds in a row, what was not heeded, and its lists")
        func webUI() async throws {
            try await withServer(try await Bundled.both) { client in
                let path = "/sdapi/v1/txt2img"
                let answer = try await client.post(
                    path,
                    #"{"prompt": "Bag", "seed": 40, "batch_size": 2, "n_iter": 2, "steps": 20, "width": 512, "height": 512, "cfg_scale": 7, "negative_prompt": "ugly", "save_images": true}"#
                ).object()
                let pictures = try files(answer["images"])
                #expect(pictures.count == 4)
                let text = try #require(answer["info"] as? String)
                let info = try #require(
                    try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
                #expect(info["all_seeds"] as? [Int] == [40, 41, 42, 43] && info["seed"] as? Int == 40)
                #expect(info["width"] as? Int == 28 && info["steps"] as? Int == 1)
                let notes = try #require(info["notes"] as? [String])
                for name in ["steps", "width", "height", "cfg_scale", "negative_prompt"] {
                    #expect(notes.contains("`\(name)` is not heeded by fashion-mnist-generator."))
                }
                let own = try await client.post("/api/images", #"{"class": 8, "seed": 42}"#)
                #expect(try files(try own.object()["images"]) == [try pixelsAlone(pictures[2])])
                #expect((answer["parameters"] as? [String: Any])?["prompt"] as? String == "Bag")

                let blended = try await client.post(
                    path, #"{"prompt": "8", "seed": 40, "subseed": 42, "subseed_strength": 1}"#)
                #expect(
                    try Image(decoding: try files(try blended.object()["images"])[0])
                        == Image(decoding: pictures[2]))

                let teacher = try await client.post(
                    path,
                    #"{"prompt": "8", "seed": 40, "steps": 3, "override_settings": {"sd_model_checkpoint": "fashion-mnist-teacher"}}"#
                )
                #expect((try teacher.object()["parameters"] as? [String: Any])?["steps"] as? Int == 3)

                for list in ["sd-models", "samplers", "options", "progress", "upscalers", "loras", "sd-vae"] {
                    #expect(try await client.request("GET", "/sdapi/v1/\(list)").status == 200, "\(list)")
                }
                #expect(
                    try await client.post(
                        "/sdapi/v1/options", #"{"sd_model_checkpoint": "fashion-mnist-teacher"}"#
                    ).status == 200)
                let options = try await client.request("GET", "/sdapi/v1/options").object()
                #expect(options["sd_model_checkpoint"] as? String == "fashion-mnist-teacher")
                let refused = try await client.post(path, #"{"prompt": "corgi"}"#)
                #expect(refused.status == 400)
                #expect((try refused.object()["detail"] as? String)?.contains("knows classes") == true)
                let many = try await client.post(
                    path, #"{"prompt": "1", "batch_size": 9223372036854775807, "n_iter": 2}"#)
                #expect(many.status == 400 && many.text.contains("is too much: give 1 to 64"))
            }
        }

        /// The file as the page's own request has it, whose notes differ.
        private func pixelsAlone(_ png: Data) throws -> Data {
            try Image(decoding: png).pngData(text: [("model", "fashion-mnist-generator"), ("seed", "42")])
        }
    }
}
