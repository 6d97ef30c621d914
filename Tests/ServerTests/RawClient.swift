// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Testing

/// A client that sends whatever bytes it is told to, over a connection of its own for each request.
struct RawClient: Sendable {
    let port: Int

    /// What came back.
    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let body: Data

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The body as a JSON object.
        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any], "\(text)")
        }

        init?(_ bytes: Data) {
            guard let end = bytes.range(of: Data("\r\n\r\n".utf8)) else { return nil }
            let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(
                separatedBy: "\r\n")
            guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
                return nil
            }
            self.status = status
            headers = lines.dropFirst().reduce(into: [:]) { headers, line in
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = parts.last.map { $0.trimmingCharacters(in: .whitespaces) }
            }
            body = Data(bytes[end.upperBound...])
        }
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// - Parameter headers: those beside Host and Content-Length; an empty Host leaves it out.
    func request(
        _ method: String = "GET", _ path: String, host: String? = nil, headers: [String: String] = [:],
        body: String? = nil
    ) async throws -> Answer {
        let text = Self.text(method, path, host: host ?? "127.0.0.1:\(port)", headers: headers, body: body)
        return try await onThread {
            let connection = try Connection(port: port)
            connection.send(text)
            return try #require(Answer(connection.readAll()))
        }
    }

    /// Sends a JSON body.
    func post(_ path: String, _ json: String, headers: [String: String] = [:]) async throws -> Answer {
        try await request(
            "POST", path, headers: headers.merging(["Content-Type": "application/json"]) { one, _ in one },
            body: json)
    }

    /// The text of a request.
    static func text(
        _ method: String, _ path: String, host: String, headers: [String: String] = [:], body: String? = nil
    ) -> String {
        var lines = ["\(method) \(path) HTTP/1.1"]
        if !host.isEmpty { lines.append("Host: \(host)") }
        lines += headers.map { "\($0.key): \($0.value)" }
        lines.append("Connection: close")
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }
}

/// A connection to this machine, closed when nobody holds it.
final class Connection: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) == 0 }
        }
        try #require(isConnected, "no server at port \(port)")
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    /// What comes next; nothing at the end.
    func read() -> Data {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return Data(buffer.prefix(max(0, count)))
    }

    /// All that comes.
    func readAll() -> Data {
        var all = Data()
        while true {
            let part = read()
            if part.isEmpty { return all }
            all += part
        }
    }

    /// Reads until a text has come.
    func read(until text: String) -> String {
        var all = Data()
        while !String(decoding: all, as: UTF8.self).contains(text) {
            let part = read()
            if part.isEmpty { break }
            all += part
        }
        return String(decoding: all, as: UTF8.self)
    }

    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    deinit { _ = Foundation.close(descriptor) }
}

/// Runs what blocks on a thread of its own.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result(catching: body)) }.start()
    }
}
