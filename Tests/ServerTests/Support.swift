// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import Server
import Synchronization
import TestSupport
import Testing

/// One after another: images are computed on the threads that a server answers on, all but one of them.
@Suite("A server", .serialized, .timeLimit(.minutes(20)))
enum ServerTests {}

/// Runs a test against a server that listens, which then ends.
func withServer(
    _ models: [ImageModel] = [], runs: [URL] = [], change: (inout ServerSettings) -> Void = { _ in },
    _ test: @escaping @Sendable (RawClient) async throws -> Void
) async throws {
    var settings = ServerSettings()
    settings.port = 0
    change(&settings)
    let server = try WebServer(models: models, runs: try runs.map(RunView.init), settings: settings)
    let (ports, announce) = AsyncStream.makeStream(of: Int.self)
    let serving = Task {
        defer { announce.finish() }
        try await server.run { announce.yield($0) }
    }
    defer { serving.cancel() }
    let port = try #require(await ports.first { _ in true }, "the server does not start")
    try await test(RawClient(port: port))
}

/// The bundled models, loaded once for all tests.
enum Bundled {
    static let generator = Task { try await LoadImageModel.bundled(.generator).result() }
    static let teacher = Task { try await LoadImageModel.bundled(.teacher).result() }
    /// A tiny model of Stable Diffusion's kind.
    static let text = Task { try await LoadImageModel(fixture("stable-diffusion")).result() }

    static var both: [ImageModel] {
        get async throws { [try await generator.value, try await teacher.value] }
    }
}

/// The PNG files of a list of base64 texts.
func files(_ list: Any?) throws -> [Data] {
    try #require(list as? [String]).map { try #require(Data(base64Encoded: $0)) }
}
