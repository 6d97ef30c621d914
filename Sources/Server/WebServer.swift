// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import DMDKit
import Foundation
public import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// Models and runs, as a page for the browser and as an API.
///
/// It listens on this machine alone unless it is told otherwise, and then asks for a token. One request for images is computed at
/// a time, or several that go through the network together; the others wait in line.
public struct WebServer: Sendable {
    private let settings: ServerSettings
    private let models: ModelList
    private let runs: [RunView]

    /// A server; nothing is listened to yet.
    ///
    /// - Throws: `SettingError` for settings that cannot be.
    public init(models: [ImageModel], runs: [RunView] = [], settings: ServerSettings) throws {
        try settings.check()
        (self.settings, self.runs) = (settings, runs)
        self.models = ModelList(models)
    }

    /// Whether the address is this machine's and free, to be asked before models are loaded.
    ///
    /// - Throws: `SettingError` if it is not.
    public static func checkAddress(_ settings: ServerSettings) async throws {
        try settings.check()
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: settings.host, port: settings.port).get()
            try await channel.close()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw SettingError(
                "port", "is \(settings.port), where another program listens already",
                "give another, such as \(settings.port == 65_535 ? 7861 : settings.port + 1)")
        } catch let error as IOError where error.errnoCode == EACCES {
            throw SettingError("port", "is \(settings.port), which only root may take", "give one above 1023")
        } catch {
            throw SettingError(
                "host", "is '\(settings.host)', which is no address of this machine",
                "give 127.0.0.1, or 0.0.0.0 for all that it has")
        }
    }

    /// Listens until the process is asked to end by SIGINT or SIGTERM, and then lets requests end in good order.
    ///
    /// - Parameter onStart: hears the port once the server can be reached.
    public func run(onStart: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        var logger = Logger(label: "dmd")
        logger.logLevel = .critical
        var configuration = ServiceGroupConfiguration(
            services: [application(onStart: onStart)], gracefulShutdownSignals: [.sigint, .sigterm],
            logger: logger)
        configuration.maximumGracefulShutdownDuration = settings.shutdownTimeout
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The application, for a program that has services of its own, and for tests.
    ///
    /// - Parameter onStart: hears the port once the server can be reached.
    public func application(
        onStart: @escaping @Sendable (Int) -> Void = { _ in }
    ) -> some ApplicationProtocol {
        var logger = Logger(label: "dmd")
        logger.logLevel = .critical
        return Application(
            router: router(),
            server: .http1(
                configuration: .init(
                    idleTimeout: .nanoseconds(Int64(settings.idleTimeout / .nanoseconds(1))),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8_192, maxHeaderListSize: 32_768, maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: "dmd",
                availableConnectionsDelegate: MaximumAvailableConnections(
                    settings.connectionLimit, logger: logger)),
            onServerRunning: { onStart($0.localAddress?.port ?? 0) },
            logger: logger)
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router(options: [.autoGenerateHeadEndpoints])
        router.add(middleware: Answers())
        router.add(middleware: Gate(settings))
        let studio = Studio(
            models: models, queue: ImageQueue(limit: settings.queueLimit, compute: settings.compute),
            bodies: BodyLimits(size: settings.bodyLimit, time: settings.bodyTimeout))
        Page().addRoutes(to: router)
        PageRoutes(studio: studio, runs: runs).addRoutes(to: router)
        OpenAIRoutes(studio: studio).addRoutes(to: router)
        WebUIRoutes(studio: studio).addRoutes(to: router)
        RunRoutes(runs: runs, bodies: studio.bodies).addRoutes(to: router)
        return router
    }
}
