// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// As much of GLib as the samples and the types of Spacetest need. Real programs have @girs/gjs.

declare module 'gi://GLib' {
    namespace GLib {
        type Quark = number;
        class Error {
            readonly domain: Quark;
            readonly code: number;
            message: string;
            stack: string;
            matches(domain: Quark | Function, code: number): boolean;
        }
        class Bytes {
            constructor(content: Uint8Array);
            get_data(): Uint8Array | null;
        }
        class Variant {
            constructor(type: string, value: unknown);
            deepUnpack(): unknown;
        }
        class VariantType {
            static new(text: string): VariantType;
        }
        function file_read_link(path: string): string;
    }
    export default GLib;
}

declare module 'gi://GObject' {
    namespace GObject {
        class Object {
            constructor(properties?: object);
            connect(signal: string, callback: (...args: any[]) => any): number;
            disconnect(id: number): void;
        }
    }
    export default GObject;
}

declare module 'gi://Gio' {
    import GObject from 'gi://GObject';
    namespace Gio {
        enum SocketFamily { INVALID = 0, IPV4 = 2, IPV6 = 10 }
        enum SocketType { INVALID = 0, STREAM = 1, DATAGRAM = 2 }
        enum SocketProtocol { DEFAULT = 0, TCP = 6, UDP = 17 }
        enum SubprocessFlags { NONE = 0, STDOUT_PIPE = 2 }
        interface AsyncResult {
            get_source_object(): GObject.Object | null;
        }
        class Cancellable extends GObject.Object {
            cancel(): void;
        }
        class SocketAddress extends GObject.Object {
            protected readonly isAddress: true;
        }
        class Socket extends GObject.Object {
            close(): boolean;
        }
        class Subprocess extends GObject.Object {
            wait_check(cancellable: Cancellable | null): boolean;
        }
    }
    export default Gio;
}

declare function print(...values: unknown[]): void;
