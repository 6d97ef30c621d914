// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import Server
import Testing

extension ServerTests {
    @Suite("The gate")
    struct GateTests {
        @Test(
            "lets in who names this machine",
            arguments: [
                ("127.0.0.1:7860", 200), ("localhost", 200), ("LOCALHOST:9000", 200), ("[::1]:7860", 200),
                ("evil.example", 421), ("127.0.0.1.evil.example:7860", 421), ("10.0.0.1:7860", 421),
                ("localhost:80@evil.example", 400), ("", 400),
            ])
        func host(name: String, status: Int) async throws {
            try await withServer { client in
                let answer = try await client.request("GET", "/api/server", host: name)
                #expect(answer.status == status)
            }
        }

        @Test("keeps out what pages of other servers send")
        func origin() async throws {
            try await withServer(try await Bundled.both) { client in
                for (origin, status) in [
                    ("http://127.0.0.1:\(client.port)", 200), ("http://evil.example", 403), ("null", 403),
                    ("http://127.0.0.1:1", 403),
                ] {
                    let answer = try await client.post("/api/images", "{}", headers: ["Origin": origin])
                    #expect(answer.status == status, "\(origin): \(answer.text)")
                }
                let form = try await client.request(
                    "POST", "/api/images", headers: ["Content-Type": "text/plain"], body: "{}")
                #expect(form.status == 415)
                let read = try await client.request(
                    "GET", "/api/server", headers: ["Origin": "http://evil.example"])
                #expect(read.headers["access-control-allow-origin"] == nil)
            }
        }

        @Test(
            "puts the headers on every answer that keep browsers safe",
            arguments: ["/", "/api/server", "/nothing"])
        func headers(path: String) async throws {
            try await withServer { client in
                let headers = try await client.request("GET", path).headers
                let policy = try #require(headers["content-security-policy"])
                #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
                #expect(!policy.contains("unsafe"))
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["referrer-policy"] == "no-referrer")
                #expect(headers["cache-control"] == (path.hasPrefix("/api") ? "no-store" : "no-cache"))
            }
        }

        @Test("asks for the token, in each of its forms")
        func token() async throws {
            try await withServer(change: { $0.token = "secret-token" }) { client in
                func status(_ headers: [String: String], _ path: String = "/api/server") async throws -> Int {
                    try await client.request("GET", path, headers: headers).status
                }
                let without = try await client.request("GET", "/v1/models")
                #expect(
                    without.status == 401 && without.headers["www-authenticate"] == "Bearer realm=\"dmd\"")
                #expect(without.text.contains("\"code\":\"invalid_api_key\""))
                #expect(try await status(["Authorization": "Bearer secret-token"]) == 200)
                #expect(try await status(["Authorization": "Bearer secret-tokex"]) == 401)
                #expect(try await status(["Authorization": "Bearer secret-token-and-more"]) == 401)
                let basic = Data("anybody:secret-token".utf8).base64EncodedString()
                #expect(try await status(["Authorization": "Basic \(basic)"]) == 200)
                #expect(try await status([:], "/?token=wrong-token") == 401)
                let opened = try await client.request("GET", "/?token=secret-token")
                #expect(opened.status == 303 && opened.headers["location"] == "/")
                let cookie = try #require(opened.headers["set-cookie"])
                #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
                let pair = try #require(cookie.split(separator: ";").first.map(String.init))
                #expect(try await status(["Cookie": "other=1; \(pair)"]) == 200)
            }
        }

        @Test("is not left open to other machines without a token")
        func settings() throws {
            func problem(_ change: (inout ServerSettings) -> Void) -> String? {
                var settings = ServerSettings()
                change(&settings)
                do {
                    _ = try WebServer(models: [], settings: settings)
                    return nil
                } catch {
                    return "\(error)"
                }
            }
            #expect(problem { $0.host = "0.0.0.0" }?.contains("others can reach it") == true)
            #expect(
                problem { $0.port = 70_000 }
                    == "`port` is 70000: give 0 to 65535, where 0 is any that is free.")
            #expect(problem { $0.token = "short" }?.contains("8 to 200 letters") == true)
            #expect(problem { ($0.host, $0.token) = ("0.0.0.0", ServerSettings.makeToken()) } == nil)
            #expect(ServerSettings.makeToken() != ServerSettings.makeToken())
        }

        @Test("an address that is taken, or none, is told before anything is loaded")
        func address() async throws {
            try await withServer { client in
                var settings = ServerSettings()
                settings.port = client.port
                await #expect(throws: SettingError.self) { try await WebServer.checkAddress(settings) }
                settings.port = 0
                try await WebServer.checkAddress(settings)
            }
            var nowhere = ServerSettings()
            (nowhere.host, nowhere.token) = ("no.such.host.invalid", "secret-token")
            let error = await #expect(throws: SettingError.self) { try await WebServer.checkAddress(nowhere) }
            #expect(error?.setting == "host")
        }
    }
}
