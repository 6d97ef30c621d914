// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import DMDKit
import Foundation

/// Where a server is to be found, who may come in, and how much it takes on.
public struct ServerSettings: Sendable {
    /// The address to listen at: a number, or a name of this machine.
    public var host = "127.0.0.1"
    /// The port; 0 for any that is free.
    public var port = 7860
    /// What every request must show; nil, for this machine alone, to let everybody in.
    public var token: String?
    /// Requests for images that may wait; others are turned away with a hint when to come again.
    public var queueLimit = 64
    /// The most bytes of a request's body.
    public var bodyLimit = 65_536
    /// How long a body may take to arrive.
    public var bodyTimeout = Duration.seconds(15)
    /// How long a connection may stay open without a request.
    public var idleTimeout = Duration.seconds(60)
    /// Connections at the same time; others wait to be let in.
    public var connectionLimit = 256
    /// How long requests may take to end once the server is asked to.
    public var shutdownTimeout = Duration.seconds(10)
    /// Where images are computed.
    public var compute: ComputeSettings

    /// The usual settings.
    public init(compute: ComputeSettings = .cpu) { self.compute = compute }

    /// Whether no other machine can reach the address.
    public var isLoopback: Bool { Self.isLoopback(host) }

    static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        return host == "localhost" || host == "::1"
            || host.wholeMatch(of: /127\.\d{1,3}\.\d{1,3}\.\d{1,3}/) != nil
    }

    /// A token that nobody guesses: 192 random bits.
    public static func makeToken() -> String {
        let bytes = (0..<24).map { _ in UInt8.random(in: 0...255) }
        return Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }

    /// - Throws: `SettingError` for settings that cannot be.
    func check() throws {
        guard (0...65_535).contains(port) else {
            throw SettingError("port", "is \(port)", "give 0 to 65535, where 0 is any that is free")
        }
        if let token {
            guard token.wholeMatch(of: /[A-Za-z0-9._~-]{8,200}/) != nil else {
                throw SettingError(
                    "token", "cannot be that",
                    "give 8 to 200 letters, digits, dots, dashes, underscores or tildes")
            }
        } else if !isLoopback {
            throw SettingError(
                "token", "is missing, which '\(host)' needs since others can reach it", "give one")
        }
    }
}
