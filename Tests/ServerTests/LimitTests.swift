// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import Server
import Testing

extension ServerTests {
    @Suite("The limits of a server")
    struct LimitTests {
        @Test("a body that is too large, or too slow, is refused and the connection ends")
        func bodies() async throws {
            try await withServer(
                try await Bundled.both,
                change: { ($0.bodyLimit, $0.bodyTimeout) = (1_000, .milliseconds(300)) }
            ) { client in
                let large = try await client.post(
                    "/api/images", "{\"prompt\": \"\(String(repeating: "a", count: 2_000))\"}")
                #expect(large.status == 413 && large.text.contains("send less"))
                let chunked = try await client.request(
                    "POST", "/api/images",
                    headers: ["Content-Type": "application/json", "Transfer-Encoding": "chunked"],
                    body: nil)
                #expect(chunked.status == 408)
                let slow = try await onThread { [port = client.port] in
                    let connection = try Connection(port: port)
                    connection.send(
                        "POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
                    )
                    return String(decoding: connection.readAll(), as: UTF8.self)
                }
                #expect(slow.hasPrefix("HTTP/1.1 408"))
                let endless = try await onThread { [port = client.port] in
                    let connection = try Connection(port: port)
                    connection.send(
                        "POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n"
                    )
                    return String(decoding: connection.readAll(), as: UTF8.self)
                }
                #expect(endless.hasPrefix("HTTP/1.1 413"))
            }
        }

        @Test("a connection that says nothing is closed")
        func silence() async throws {
            try await withServer(change: { $0.idleTimeout = .milliseconds(300) }) { client in
                let heard = try await onThread { [port = client.port] in
                    let connection = try Connection(port: port)
                    connection.send("GET / HTTP/1.1\r\nHost: loc")
                    return connection.readAll()
                }
                #expect(!String(decoding: heard, as: UTF8.self).contains("200 OK"))
            }
        }

        @Test(
            "no path leads out of the page's files",
            arguments: [
                "/../Package.swift", "/..%2f..%2fPackage.swift", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
                "/Resources/index.html", "/index.html", "/page.css%00", "/try.js/../../x",
            ])
        func traversal(path: String) async throws {
            try await withServer { client in
                let answer = try await client.request("GET", path)
                #expect(answer.status == 404)
            }
        }

        @Test("the page's own files are there")
        func files() async throws {
            try await withServer { client in
                for path in ["/", "/page.css", "/page.js", "/try.js", "/runs.js", "/chart.js", "/icon.svg"] {
                    let answer = try await client.request("GET", path)
                    #expect(answer.status == 200 && !answer.body.isEmpty, "\(path)")
                }
                #expect(try await client.request("HEAD", "/page.css").status == 200)
                #expect(
                    try await client.request(
                        "DELETE", "/page.css", headers: ["Content-Type": "application/json"]
                    ).status >= 400)
            }
        }

        @Test("whoever comes when the line is full is told when to come again, and who goes makes room")
        func line() async throws {
            try await withServer(try await Bundled.both, change: { $0.queueLimit = 1 }) { client in
                let body = #"{"model": "fashion-mnist-teacher", "steps": 200, "count": 64}"#
                let text = RawClient.text(
                    "POST", "/api/images", host: "localhost", headers: ["Content-Type": "application/json"],
                    body: body)
                func load() async throws -> Int? {
                    let state =
                        try await client.request("GET", "/sdapi/v1/progress").object()["state"]
                        as? [String: Any]
                    return state?["job_count"] as? Int
                }
                func wait(for count: Int) async throws {
                    while try await load() != count { try await Task.sleep(for: .milliseconds(10)) }
                }
                let first = try Connection(port: client.port)
                first.send(text)
                try await wait(for: 1)
                let second = try Connection(port: client.port)
                second.send(text)
                try await wait(for: 2)
                let third = try await client.post("/v1/images/generations", #"{"prompt": "1"}"#)
                #expect(third.status == 503)
                #expect(Int(try #require(third.headers["retry-after"])).map { $0 >= 1 } == true)
                #expect(
                    third.text.contains("rate_limit_error") && third.text.contains("1 requests wait already"))
                second.close()
                try await wait(for: 1)
                first.close()
                try await wait(for: 0)
                #expect(try await client.post("/v1/images/generations", #"{"prompt": "1"}"#).status == 200)
            }
        }

        @Test("a job that is stopped does not evaluate its network again")
        func stop() async throws {
            var request = ImageRequest(count: 64)
            request.steps = 10_000
            // Would take a quarter of an hour.
            let job = MakeImages([request], by: try await Bundled.teacher.value)
            let work = Task { try await job.result() }
            // Not from a task, which would have to wait for one of the threads that compute.
            try await onThread {
                usleep(200_000)
                work.cancel()
            }
            await #expect(throws: CancellationError.self) { try await work.value }
        }

        @Test("many clients at the same time get what each of them asked for")
        func crowd() async throws {
            try await withServer(try await Bundled.both) { client in
                var alone: [Int: Data] = [:]
                for seed in 0..<6 {
                    alone[seed] = try await client.post(
                        "/api/images", "{\"seed\": \(seed), \"class\": \(seed)}"
                    ).body
                }
                let pictures = try await withThrowingTaskGroup(of: (Int, Data).self) { group in
                    for number in 0..<36 {
                        group.addTask {
                            let seed = number % 6
                            return (
                                seed,
                                try await client.post(
                                    "/api/images", "{\"seed\": \(seed), \"class\": \(seed)}"
                                ).body
                            )
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                for (seed, body) in pictures {
                    let expected = try images(of: try #require(alone[seed]))
                    #expect(try images(of: body) == expected)
                }
            }
        }

        private func images(of body: Data) throws -> [String]? {
            (try JSONSerialization.jsonObject(with: body) as? [String: Any])?["images"] as? [String]
        }
    }
}
