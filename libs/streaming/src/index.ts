export { decodeBatch, encodeBatch, FrameFormatError } from './frame-codec.js';
export { FramePublisher, type FramePublisherOptions } from './frame-publisher.js';
export { type FrameWriter, type ResponseAddress } from './frame-writer.js';
export { FrameSubscriber, type FrameSubscriberOptions } from './frame-subscriber.js';
export { type ResponseRequests, ResponseStream } from './response-stream.js';
