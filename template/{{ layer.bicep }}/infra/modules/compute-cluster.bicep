// The machines that jobs run on: none while there is no job.

import { Cluster, Placement } from '../types.bicep'

@description('Required. Where the resources stand, and their tags.')
param placement Placement

@description('Required. Name of the workspace.')
param workspaceName string

@description('Required. Resource ID of the identity that jobs act as.')
param identityId string

@description('Required. Name and size of the cluster.')
param size Cluster

@description('Required. Whether its machines have no public address.')
param closed bool

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' existing = {
  name: workspaceName
}

resource cluster 'Microsoft.MachineLearningServices/workspaces/computes@2025-06-01' = {
  parent: workspace
  name: size.name
  location: placement.location
  tags: placement.tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    computeType: 'AmlCompute'
    computeLocation: placement.location
    disableLocalAuth: true
    properties: {
      vmSize: size.vm_size
      vmPriority: 'Dedicated'
      enableNodePublicIp: !closed
      remoteLoginPortPublicAccess: 'Disabled'
      scaleSettings: {
        minNodeCount: 0
        maxNodeCount: size.max_nodes
        nodeIdleTimeBeforeScaleDown: 'PT${size.idle_minutes}M'
      }
    }
  }
}
